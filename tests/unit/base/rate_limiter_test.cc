// SPDX-License-Identifier: Apache-2.0
#include "balancer/base/rate_limiter.h"

#include <gtest/gtest.h>

namespace pinion {
namespace {

using namespace std::chrono_literals;

class RateLimiterTest : public testing::Test {
 protected:
  // How many of `count` are admitted at once.
  int admitted(int count, std::string_view text = "event") {
    int result = 0;
    for (int i = 0; i < count; ++i) result += limiter_.admit(text, now_).has_value();
    return result;
  }

  RateLimiter limiter_{3, 10s};
  RateLimiter::Time now_{1000s};
};

TEST_F(RateLimiterTest, AdmitsABurstThenOneAnInterval) {
  EXPECT_EQ(admitted(100), 3);
  now_ += 9999ms;
  EXPECT_EQ(admitted(100), 0);
  now_ += 1ms;
  EXPECT_EQ(admitted(100), 1);
  now_ += 20s;
  EXPECT_EQ(admitted(100), 2);
}

TEST_F(RateLimiterTest, SaysHowManyWereRefusedOnce) {
  EXPECT_EQ(limiter_.admit("event", now_), 0u);
  admitted(7);
  now_ += 20s;
  EXPECT_EQ(limiter_.admit("event", now_), 5u);
  EXPECT_EQ(limiter_.admit("event", now_), 0u);
  EXPECT_EQ(limiter_.admit("event", now_), std::nullopt);
}

TEST_F(RateLimiterTest, QuietTimeSavesUpOneBurstAtMost) {
  admitted(100);
  now_ += 1000s;
  EXPECT_EQ(admitted(100), 3);
  now_ += std::chrono::hours(24 * 365 * 100);
  EXPECT_EQ(admitted(100), 3);
}

TEST_F(RateLimiterTest, PartOfAnIntervalIsNotLost) {
  admitted(3);
  now_ += 15s;
  EXPECT_EQ(admitted(1), 1);
  now_ += 5s;
  EXPECT_EQ(admitted(1), 1);
}

TEST_F(RateLimiterTest, TextsDoNotShare) {
  admitted(100, "one");
  EXPECT_EQ(admitted(100, "two"), 3);
}

TEST_F(RateLimiterTest, ClockThatStandsBackAdmitsNothingMore) {
  admitted(100);
  now_ -= 500s;
  EXPECT_EQ(admitted(100), 0);
}

}  // namespace
}  // namespace pinion
