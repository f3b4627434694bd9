// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "balancer/base/http.h"

namespace pinion::http {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(HttpTarget, SplitsThenDecodes) {
  const auto target =
      parse_target("/v1/services/10.0.0.1:80%2ftcp?all=true&client=10.0.0.0/8&x&y=");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->path, ElementsAre("v1", "services", "10.0.0.1:80/tcp"));
  EXPECT_THAT(target->query, ElementsAre(Pair("all", "true"), Pair("client", "10.0.0.0/8"),
                                         Pair("x", ""), Pair("y", "")));
}

TEST(HttpTarget, TheRootHasNoSegments) {
  EXPECT_TRUE(parse_target("/")->path.empty());
  EXPECT_TRUE(parse_target("/?")->path.empty());
}

TEST(HttpTarget, RefusesWhatCouldMeanTwoThings) {
  for (const char* text : {"", "v1", "*", "http://x/v1", "//", "/v1/", "/v1//x", "/%", "/%4",
                           "/%4g", "/%00", "/x?a=1&a=2", "/x?%=1", "/x?a=%zz"})
    EXPECT_FALSE(parse_target(text)) << text;
}

TEST(HttpTarget, HasBounds) {
  std::string path, query = "/?";
  for (int i = 0; i < 64; ++i) path += "/x", query += "k" + std::to_string(i) + "=&";
  EXPECT_TRUE(parse_target(path));
  EXPECT_FALSE(parse_target(path + "/x"));
  EXPECT_TRUE(parse_target(query));
  EXPECT_FALSE(parse_target(query + "one_more"));
}

TEST(HttpTarget, EncodeIsTheInverse) {
  std::string every;
  for (int byte = 1; byte < 256; ++byte) every += static_cast<char>(byte);
  const std::string text = encode(every);
  EXPECT_EQ(text.find_first_of("/?&=% \n"), text.find('%'));
  const auto target = parse_target("/" + text + "?" + text + "=" + text);
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path.at(0), every);
  EXPECT_EQ(target->query.at(every), every);
}

}  // namespace
}  // namespace pinion::http
