// SPDX-License-Identifier: Apache-2.0
// What the samples are told apart by.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "balancer/bpf/abi/abi.h"
#include "balancer/metrics/samples.h"
#include "balancer/model/snapshot.h"

namespace pinion {

// {service="web",vip="192.168.88.88",port="80",protocol="tcp"}; of several listeners "80,443".
Labels labels_of(const ServiceSnapshot& service);
// The same with server="192.168.146.131:80".
Labels labels_of(const ServiceSnapshot& service, const ServerSnapshot& server);
Labels with(Labels labels, std::string name, std::string value);

// The rows of PINION_VERDICTS: {PINION_PASS_NOT_IP, "pass_not_ip", "pass"}.
struct VerdictLabel {
  pinion_verdict verdict;
  std::string name;
  std::string action;
};
std::span<const VerdictLabel> verdict_labels();

// The states that a connection can be in: {PINION_STATE_UDP, "udp"}.
struct StateLabel {
  pinion_state state;
  std::string_view keyword;
};
std::span<const StateLabel> state_labels();

}  // namespace pinion
