// SPDX-License-Identifier: Apache-2.0
#include "ctl/table.h"

#include <gtest/gtest.h>

namespace pinion::ctl {
namespace {

TEST(Table, AlignsByContent) {
  Table table({"NAME", "N>", "END"});
  table.add({"a", "1", "x"});
  table.add({"größe", "12345", ""});
  EXPECT_EQ(table.to_string(),
            "NAME       N  END\n"
            "a          1  x\n"
            "größe  12345\n");
}

TEST(Table, WithoutRowsHasItsHeadings) { EXPECT_EQ(Table({"A", "B>"}).to_string(), "A  B\n"); }

TEST(Human, Bytes) {
  EXPECT_EQ(human_bytes(0), "0B");
  EXPECT_EQ(human_bytes(1023), "1023B");
  EXPECT_EQ(human_bytes(1024), "1.0KiB");
  EXPECT_EQ(human_bytes(1024 * 1024 - 1), "1.0MiB");
  EXPECT_EQ(human_bytes(1.5 * 1024 * 1024 * 1024), "1.5GiB");
  EXPECT_EQ(human_bytes(18446744073709551615.0), "16.0EiB");
}

TEST(Human, Time) {
  EXPECT_EQ(human_time(0), "0ms");
  EXPECT_EQ(human_time(999), "999ms");
  EXPECT_EQ(human_time(1000), "1.0s");
  EXPECT_EQ(human_time(59'999), "59.9s");
  EXPECT_EQ(human_time(60'000), "1m0s");
  EXPECT_EQ(human_time(3'600'000), "1h0m");
  EXPECT_EQ(human_time(100 * 3'600'000), "4d4h");
}

TEST(Human, Rate) {
  EXPECT_EQ(human_rate(0), "0");
  EXPECT_EQ(human_rate(0.5), "0.5");
  EXPECT_EQ(human_rate(99.94), "99.9");
  EXPECT_EQ(human_rate(99.96), "100");
  EXPECT_EQ(human_rate(1234567.8), "1234568");
}

}  // namespace
}  // namespace pinion::ctl
