// SPDX-License-Identifier: Apache-2.0
#include "balancer/metrics/labels.h"

#include <vector>

namespace pinion {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

constexpr StateLabel kStates[] = {
#define X(name, keyword, timeout, text) {PINION_STATE_##name, keyword},
    PINION_STATES(X)
#undef X
};

constexpr size_t kNoConnection = 2;
static_assert(kStates[0].state == PINION_STATE_FREE && kStates[1].state == PINION_STATE_CLAIMED,
              "the states that are no connection come first");

}  // namespace

Labels labels_of(const ServiceSnapshot& service) {
  return {{"service", service.name},
          {"vip", service.vip.to_string()},
          {"port", std::to_string(service.port.value)},
          {"protocol", std::string(to_string(service.protocol))}};
}

Labels labels_of(const ServiceSnapshot& service, const ServerSnapshot& server) {
  return with(labels_of(service), "server", to_string(server.address, server.port));
}

Labels with(Labels labels, std::string name, std::string value) {
  labels.push_back({std::move(name), std::move(value)});
  return labels;
}

std::span<const VerdictLabel> verdict_labels() {
  static const std::vector<VerdictLabel> labels = {
#define X(name, action, text) {PINION_##name, lower(#name), lower(#action)},
      PINION_VERDICTS(X)
#undef X
  };
  return labels;
}

std::span<const StateLabel> state_labels() { return std::span(kStates).subspan(kNoConnection); }

}  // namespace pinion
