// SPDX-License-Identifier: Apache-2.0
#include "config/characters.h"

#include <gtest/gtest.h>

namespace pinion::config {
namespace {

struct Case {
  std::string text;
  std::optional<size_t> bad;  // The offset.
};

class FindBadByte : public testing::TestWithParam<Case> {};

TEST_P(FindBadByte, Finds) {
  const auto bad = find_bad_byte(GetParam().text);
  EXPECT_EQ(bad ? std::optional(bad->offset) : std::nullopt, GetParam().bad);
}

INSTANTIATE_TEST_SUITE_P(All, FindBadByte,
                         testing::Values(Case{"", {}}, Case{"a\tb\r\nc", {}},
                                         Case{std::string("ab\0c", 4), 2}, Case{"a\x1b[1m", 1},
                                         Case{"a\x7f", 1}, Case{"\xc3\xa9", {}},
                                         Case{"\xe2\x82\xac", {}}, Case{"\xf0\x9f\x98\x80", {}},
                                         Case{"\xc3", 0}, Case{"a\xe2\x82", 1}, Case{"\x80", 0},
                                         Case{"\xc0\xaf", 0}, Case{"\xe0\x80\xaf", 0},
                                         Case{"\xf0\x80\x80\xaf", 0}, Case{"\xed\xa0\x80", 0},
                                         Case{"\xed\x9f\xbf", {}}, Case{"\xf4\x8f\xbf\xbf", {}},
                                         Case{"\xf4\x90\x80\x80", 0}, Case{"\xf5\x80\x80\x80", 0},
                                         Case{"\xff\xfe", 0}, Case{"\xc3(", 0}));

TEST(InQuotes, IsSafeToPrint) {
  EXPECT_EQ(in_quotes("ten"), "\"ten\"");
  EXPECT_EQ(in_quotes(""), "\"\"");
  EXPECT_EQ(in_quotes("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(in_quotes("a\nb\x1b"), R"("a\x0ab\x1b")");
  EXPECT_EQ(in_quotes("caf\xc3\xa9 \xc3"), "\"caf\xc3\xa9 \\xc3\"");
}

TEST(InQuotes, CutsWhatIsLong) {
  const std::string shown = in_quotes(std::string(1 << 20, 'x'));
  EXPECT_LT(shown.size(), 80u);
  EXPECT_TRUE(shown.ends_with("xxx...\"")) << shown;
}

}  // namespace
}  // namespace pinion::config
