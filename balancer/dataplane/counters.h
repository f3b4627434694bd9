// SPDX-License-Identifier: Apache-2.0
// The only reader of what the packet path counts.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/bpf/abi/abi.h"
#include "balancer/dataplane/map.h"
#include "balancer/dataplane/program.h"
#include "balancer/model/snapshot.h"

namespace pinion {

class Counters {
 public:
  static Result<Counters> open(const Program& program, const config::Limits& limits);

  // Packets of each verdict, all CPUs together.
  std::array<uint64_t, PINION_VERDICT_COUNT> verdicts() const;
  // Of real servers, by index, for [0, count).
  std::vector<Traffic> servers(uint32_t count) const;

 private:
  MappedArray<pinion_verdict_counters> verdicts_;  // By CPU.
  MappedArray<pinion_counters> servers_;           // As abi.h tells.
  uint32_t of_each_cpu_ = 0;
};

}  // namespace pinion
