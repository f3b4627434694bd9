// SPDX-License-Identifier: Apache-2.0
#include "balancer/metrics/labels.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace pinion {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

// What its listeners have, each once, in their order: "80,443".
template <typename Text>
std::string each(const ServiceSnapshot& service, Text text) {
  // Nearly always; and labels are made for every sample.
  if (service.listeners.size() == 1) return text(service.listeners.front());
  std::vector<std::string> distinct;
  for (const config::Listener& listener : service.listeners)
    if (std::find(distinct.begin(), distinct.end(), text(listener)) == distinct.end())
      distinct.push_back(text(listener));
  std::string joined;
  for (const std::string& one : distinct) joined += (joined.empty() ? "" : ",") + one;
  return joined;
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
  return {
      {"service", service.name},
      {"vip", each(service, [](const auto& one) { return host_or_prefix(one.vip); })},
      {"port", each(service, [](const auto& one) { return one.ports.to_string(); })},
      {"protocol",
       each(service, [](const auto& one) { return std::string(to_string(one.protocol)); })},
  };
}

Labels labels_of(const ServiceSnapshot& service, const ServerSnapshot& server) {
  const auto port = server.port.value ? std::optional(server.port) : std::nullopt;
  return with(labels_of(service), "server", config::to_string({server.address, port}));
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
