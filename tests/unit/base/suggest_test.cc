// SPDX-License-Identifier: Apache-2.0
#include "balancer/base/suggest.h"

#include <gtest/gtest.h>

#include <vector>

namespace pinion {
namespace {

const std::vector<std::string_view> kKnown = {
    "weight", "address", "service", "server", "rr", "wrr", "mh", "protocol", "port", "interface"};

struct Case {
  std::string_view typed;
  std::string_view meant;  // "": no hint.
};

class Closest : public testing::TestWithParam<Case> {};

TEST_P(Closest, Is) { EXPECT_EQ(closest(GetParam().typed, kKnown).value_or(""), GetParam().meant); }

INSTANTIATE_TEST_SUITE_P(
    Words, Closest,
    testing::Values(Case{"wieght", "weight"}, Case{"weigth", "weight"}, Case{"wight", "weight"},
                    Case{"weightt", "weight"}, Case{"WEIGHT", "weight"}, Case{"adress", "address"},
                    Case{"servce", "service"}, Case{"sever", "server"}, Case{"wr", "rr"},
                    Case{"wwrr", "wrr"}, Case{"prot", "port"}, Case{"interfaces", "interface"},
                    Case{"rr", "rr"}, Case{"", ""}, Case{"x", ""}, Case{"xy", ""}, Case{"lc", ""},
                    Case{"scheduler", ""}, Case{"timeouts", ""}));

TEST(Closest, IsNothingAmongNothing) { EXPECT_EQ(closest("weight", {}), std::nullopt); }

TEST(Closest, CountsASwapAsOneError) {
  const std::vector<std::string_view> known = {"abxx", "ba"};
  EXPECT_EQ(closest("ab", known), "ba");
}

TEST(Closest, TakesTheFirstOfEquals) {
  const std::vector<std::string_view> known = {"web-b", "web-c"};
  EXPECT_EQ(closest("web-a", known), "web-b");
}

TEST(Closest, DoesNotWorkOnWhatNobodyTypes) {
  const std::string word(1000, 'a');
  const std::string almost(999, 'a');
  const std::vector<std::string_view> known = {almost};
  EXPECT_EQ(closest(word, known), std::nullopt);
  EXPECT_EQ(closest("aaaa", known), std::nullopt);
}

TEST(DidYouMean, AsksOrIsSilent) {
  EXPECT_EQ(did_you_mean("wieght", kKnown), "did you mean \"weight\"?");
  EXPECT_EQ(did_you_mean("nonsense", kKnown), "");
}

}  // namespace
}  // namespace pinion
