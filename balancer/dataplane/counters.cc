// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/counters.h"

namespace pinion {

Result<Counters> Counters::open(const Program& program) {
  Counters counters;
  if (auto opened = program.open_into(counters.verdicts_, "verdicts"); !opened)
    return opened.error();
  if (auto opened = program.open_into(counters.servers_, "counters"); !opened)
    return opened.error();
  return counters;
}

Result<std::array<uint64_t, PINION_VERDICT_COUNT>> Counters::verdicts() const {
  std::array<uint64_t, PINION_VERDICT_COUNT> sums{};
  auto read = verdicts_.read(1, [&](uint32_t, const pinion_verdict_counters& cpu) {
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += cpu.count[i];
  });
  if (!read) return read.error();
  return sums;
}

Result<std::vector<Traffic>> Counters::servers(uint32_t count) const {
  std::vector<Traffic> sums(count);
  auto read = servers_.read(count, [&](uint32_t index, const pinion_counters& cpu) {
    if (index < count)
      sums[index] += {cpu.connections, cpu.packets, cpu.bytes, cpu.reply_packets, cpu.reply_bytes};
  });
  if (!read) return read.error();
  return sums;
}

}  // namespace pinion
