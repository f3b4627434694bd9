// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/counters.h"

#include <algorithm>

#include "balancer/bpf/lib/compat.h"
#include "balancer/dataplane/plans.h"

namespace pinion {

Result<Counters> Counters::open(const Program& program, const config::Limits& limits) {
  Counters counters;
  counters.of_each_cpu_ = limits.servers + 1;
  if (auto mapped = program.map_into(counters.verdicts_, "verdicts", possible_cpus()); !mapped)
    return mapped.error();
  if (auto mapped = program.map_into(counters.servers_, "counters", counters_of_all_cpus(limits));
      !mapped)
    return mapped.error();
  return counters;
}

std::array<uint64_t, PINION_VERDICT_COUNT> Counters::verdicts() const {
  std::array<uint64_t, PINION_VERDICT_COUNT> sums{};
  for (size_t cpu = 0; cpu < verdicts_.size(); ++cpu)
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += PINION_LOAD(verdicts_[cpu].count[i]);
  return sums;
}

std::vector<Traffic> Counters::servers(uint32_t count) const {
  std::vector<Traffic> sums(count);
  count = std::min(count, of_each_cpu_);
  for (size_t cpu = 0; cpu < servers_.size(); cpu += of_each_cpu_)
    for (uint32_t index = 0; index < count; ++index) {
      const pinion_counters& one = servers_[cpu + index];
      sums[index] +=
          {PINION_LOAD(one.connections), PINION_LOAD(one.packets), PINION_LOAD(one.bytes),
           PINION_LOAD(one.reply_packets), PINION_LOAD(one.reply_bytes)};
    }
  return sums;
}

}  // namespace pinion
