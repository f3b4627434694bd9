// SPDX-License-Identifier: Apache-2.0
#include "config/units.h"

#include <gtest/gtest.h>

namespace pinion::config {
namespace {

using namespace std::chrono_literals;

template <typename V>
struct Case {
  std::string text;
  std::optional<V> value;
};

class Size : public testing::TestWithParam<Case<uint64_t>> {};

TEST_P(Size, Reads) { EXPECT_EQ(parse_size(GetParam().text), GetParam().value) << GetParam().text; }

INSTANTIATE_TEST_SUITE_P(
    All, Size,
    testing::Values(Case<uint64_t>{"0", 0}, Case<uint64_t>{"65536", 65536},
                    Case<uint64_t>{"64K", 65536}, Case<uint64_t>{"1M", 1 << 20},
                    Case<uint64_t>{"2G", uint64_t{2} << 30},
                    Case<uint64_t>{"18446744073709551615", UINT64_MAX},
                    Case<uint64_t>{"18446744073709551616", {}},
                    Case<uint64_t>{"17179869183G", uint64_t{17179869183} << 30},
                    Case<uint64_t>{"17179869184G", {}}, Case<uint64_t>{"", {}},
                    Case<uint64_t>{"M", {}}, Case<uint64_t>{"1m", {}}, Case<uint64_t>{"1 M", {}},
                    Case<uint64_t>{"1MB", {}}, Case<uint64_t>{"-1", {}}, Case<uint64_t>{"+1", {}},
                    Case<uint64_t>{"1.5M", {}}, Case<uint64_t>{"0x10", {}},
                    Case<uint64_t>{"1e3", {}}));

class Duration : public testing::TestWithParam<Case<std::chrono::milliseconds>> {};

TEST_P(Duration, Reads) {
  EXPECT_EQ(parse_duration(GetParam().text), GetParam().value) << GetParam().text;
}

using Time = Case<std::chrono::milliseconds>;
INSTANTIATE_TEST_SUITE_P(All, Duration,
                         testing::Values(Time{"500ms", 500ms}, Time{"30s", 30s}, Time{"15m", 15min},
                                         Time{"24h", 24h}, Time{"0s", 0s}, Time{"30", {}},
                                         Time{"0", {}}, Time{"", {}}, Time{"s", {}},
                                         Time{"30 s", {}}, Time{"1h30m", {}}, Time{"-1s", {}},
                                         Time{"1d", {}}, Time{"1S", {}},
                                         Time{"99999999999999999h", {}}));

TEST(Units, AreWrittenWithTheLargestThatFits) {
  EXPECT_EQ(format_size(0), "0");
  EXPECT_EQ(format_size(1023), "1023");
  EXPECT_EQ(format_size(1536), "1536");
  EXPECT_EQ(format_size(64 << 10), "64K");
  EXPECT_EQ(format_size(1 << 30), "1G");
  EXPECT_EQ(format_duration(0ms), "0s");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(15min), "15m");
  EXPECT_EQ(format_duration(24h), "24h");
}

TEST(Units, ReadBackWhatTheyWrote) {
  for (uint64_t size = 1; size < uint64_t{1} << 62; size = size * 3 + size % 7)
    ASSERT_EQ(parse_size(format_size(size)), size);
  for (int64_t ms = 1; ms < int64_t{1} << 50; ms = ms * 3 + ms % 7)
    ASSERT_EQ(parse_duration(format_duration(std::chrono::milliseconds(ms))),
              std::chrono::milliseconds(ms));
}

}  // namespace
}  // namespace pinion::config
