// SPDX-License-Identifier: Apache-2.0
#include "balancer/bpf/client_info/stream.h"

#include <gtest/gtest.h>

#include <cstring>

#include "balancer/bpf/conntrack/connection_table.h"

namespace pinion {
namespace {

uint64_t last_word(const pinion_flow4& flow) {
  uint64_t words[2];
  std::memcpy(words, &flow, sizeof(words));
  return words[1];
}

TEST(Stream, ItsBeginningIsNoPartOfTheFlow) {
  const uint64_t last = last_word({.sport = 0x1234, .dport = 0x5678, .protocol = 6});
  EXPECT_EQ(pinion_first_of(last), 0u) << "none is known";
  for (const uint32_t start : {0u, 1u, 0x7fffffu, 0x800000u, 0xffffffffu}) {
    const uint64_t with = pinion_with_first(last, start);
    EXPECT_NE(pinion_first_of(with), 0u);
    EXPECT_EQ(pinion_flow_difference(with, last, 1), 0u);
    EXPECT_EQ(pinion_with_first(with, 77), pinion_with_first(last, 77));
  }
}

TEST(Stream, OffsetsGoRoundWithTheNumbers) {
  for (const uint32_t start : {0u, 1u, 0x7fffffu, 0xffffffu, 0x1000000u, 0xfffffff0u, ~0u}) {
    const uint32_t first = pinion_first_of(pinion_with_first(0, start));
    for (const int32_t offset : {0, 1, -1, 52, 65535, -1000, 0x3fffff, -0x400000})
      EXPECT_EQ(pinion_stream_offset(start + static_cast<uint32_t>(offset), first), offset)
          << start;
  }
}

}  // namespace
}  // namespace pinion
