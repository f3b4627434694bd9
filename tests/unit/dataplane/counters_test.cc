// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/counters.h"

#include "tests/unit/dataplane/plane.h"

namespace pinion {
namespace {

using CountersTest = Plane;

TEST_F(CountersTest, AddsTheCpusUp) {
  PerCpuArray<pinion_counters> written;
  ASSERT_DONE(program_->open_into(written, "counters"));
  uint64_t sums[5] = {};
  for (uint32_t index = 0; index <= director_.limits.servers; ++index)
    ASSERT_DONE(written.put(index, [&, cpu = 1u]() mutable {
      const uint64_t packets = 100 * index + cpu++;
      sums[index] += packets;
      return pinion_counters{.connections = 1, .packets = packets, .bytes = packets * 1500};
    }));
  const auto counters = Counters::open(*program_);
  ASSERT_DONE(counters);
  for (const uint32_t count : {0u, 1u, 3u, 5u}) {  // The map has five.
    const auto read = counters->servers(count);
    ASSERT_DONE(read);
    ASSERT_EQ(read->size(), count);
    for (uint32_t index = 0; index < count; ++index) {
      EXPECT_EQ((*read)[index].connections, written.cpus());
      EXPECT_EQ((*read)[index].packets, sums[index]);
      EXPECT_EQ((*read)[index].bytes, sums[index] * 1500);
    }
  }
}

TEST_F(CountersTest, VerdictsByTheirNumber) {
  PerCpuArray<pinion_verdict_counters> written;
  ASSERT_DONE(program_->open_into(written, "verdicts"));
  pinion_verdict_counters values{};
  for (uint64_t i = 0; i < PINION_VERDICT_COUNT; ++i) values.count[i] = i * 10;
  ASSERT_DONE(written.put(0, [&] { return values; }));
  const auto counters = Counters::open(*program_);
  ASSERT_DONE(counters);
  const auto verdicts = counters->verdicts();
  ASSERT_DONE(verdicts);
  for (uint64_t i = 0; i < verdicts->size(); ++i)
    EXPECT_EQ((*verdicts)[i], i * 10 * written.cpus());
}

}  // namespace
}  // namespace pinion
