// SPDX-License-Identifier: Apache-2.0
// A scheduler, as the packet path sees it, is a table of slots: XDP picks a slot, by turn or by the
// flow's hash, and the slot names a real server. Building that table is all a scheduler does, so
// that it costs nothing per packet, whatever the size of the pool.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "balancer/base/net.h"
#include "balancer/bpf/abi/abi.h"

namespace pinion {

// A real server that takes connections.
struct Candidate {
  Address address;
  Port port;
  uint32_t weight = 1;  // 1 to 65535.
  bool operator==(const Candidate&) const = default;
};

// Positions in the span of candidates, one a slot; empty only where there is no candidate.
// The result depends on nothing but the candidates and their order.
using BuildSlots = std::vector<uint32_t> (*)(std::span<const Candidate> candidates);

struct Scheduler {
  std::string_view keyword;
  pinion_selection selection;
  BuildSlots build;
  std::string_view text;  // One line for help and manual.
};

std::span<const Scheduler> schedulers();
const Scheduler* find_scheduler(std::string_view keyword);  // nullptr: there is none.

// model/schedulers/*.cc, one a scheduler.
std::vector<uint32_t> build_rr(std::span<const Candidate> candidates);
std::vector<uint32_t> build_wrr(std::span<const Candidate> candidates);
std::vector<uint32_t> build_mh(std::span<const Candidate> candidates);

}  // namespace pinion
