// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/counters.h"

#include "balancer/dataplane/plans.h"
#include "tests/unit/dataplane/plane.h"

namespace pinion {
namespace {

using CountersTest = Plane;

TEST_F(CountersTest, AddsTheCpusUp) {
  MappedArray<pinion_counters> written;
  const uint32_t all = counters_of_all_cpus(director_.limits);
  const uint32_t of_each_cpu = director_.limits.servers + 1;
  ASSERT_DONE(program_->map_into(written, "counters", all));
  uint64_t sums[5] = {};
  for (uint32_t place = 0; place < all; ++place) {
    const uint64_t packets = 100 * place + 1;
    sums[place % of_each_cpu] += packets;
    written[place] = {.packets = packets, .bytes = packets * 1500, .connections = 1};
  }
  const auto counters = Counters::open(*program_, director_.limits);
  ASSERT_DONE(counters);
  for (const uint32_t count : {0u, 1u, 3u, 5u}) {  // The map has five.
    const auto read = counters->servers(count);
    ASSERT_EQ(read.size(), count);
    for (uint32_t index = 0; index < count; ++index) {
      EXPECT_EQ(read[index].connections, all / of_each_cpu);
      EXPECT_EQ(read[index].packets, sums[index]);
      EXPECT_EQ(read[index].bytes, sums[index] * 1500);
    }
  }
}

TEST_F(CountersTest, VerdictsByTheirNumber) {
  MappedArray<pinion_verdict_counters> written;
  ASSERT_DONE(program_->map_into(written, "verdicts", possible_cpus()));
  for (size_t cpu = 0; cpu < written.size(); ++cpu)
    for (uint64_t i = 0; i < PINION_VERDICT_COUNT; ++i) written[cpu].count[i] = i * 10;
  const auto counters = Counters::open(*program_, director_.limits);
  ASSERT_DONE(counters);
  const auto verdicts = counters->verdicts();
  for (uint64_t i = 0; i < verdicts.size(); ++i) EXPECT_EQ(verdicts[i], i * 10 * written.size());
}

}  // namespace
}  // namespace pinion
