// SPDX-License-Identifier: Apache-2.0
#include "config/yaml/nodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/yaml/path.h"

namespace pinion::config {
namespace {

using testing::HasSubstr;

std::string repeated(const std::string& part, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += part;
  return text;
}

std::string why_not(const std::string& text) {
  const auto tree = parse_tree(text);
  if (tree) return "";
  const Refusal& refusal = tree.error();
  return std::to_string(refusal.mark.line) + ":" + std::to_string(refusal.mark.column) + ": " +
         refusal.what;
}

TEST(Tree, HasThePlaceOfEachNode) {
  const auto tree = parse_tree("a:\n  - b: {c: 1}\n    \xc3\xa9: x\n");
  ASSERT_TRUE(tree);
  EXPECT_EQ(locate(*tree->root, "a"), (Mark{2, 3}));
  EXPECT_EQ(locate(*tree->root, "a[0]"), (Mark{2, 5}));
  EXPECT_EQ(locate(*tree->root, "a[0].b.c"), (Mark{2, 12}));
  EXPECT_EQ(locate(*tree->root, "a[0].\xc3\xa9"), (Mark{3, 9})) << "columns are bytes";
  EXPECT_EQ(locate(*tree->root, "a[1]"), (Mark{2, 3})) << "what is missing is where its parent is";
  EXPECT_EQ(locate(*tree->root, "z"), (Mark{1, 1}));
  EXPECT_EQ(locate(*tree->root, "a[0].b.c.d[99999999999999999999]"), (Mark{2, 12}));
}

TEST(Tree, KeepsDuplicateKeys) {
  const auto tree = parse_tree("a: 1\na: 2\n");
  ASSERT_TRUE(tree);
  ASSERT_EQ(tree->root->children.size(), 4u);
  EXPECT_EQ(tree->root->children[3]->text, "2");
}

TEST(Tree, FollowsAliases) {
  const auto tree = parse_tree("a: &x [1, 2]\nb: *x\n");
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->root->children[3], tree->root->children[1]);
}

TEST(Tree, OfNothingHasNoRoot) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "\xef\xbb\xbf"}) {
    const auto tree = parse_tree(text);
    ASSERT_TRUE(tree) << text;
    EXPECT_EQ(tree->root, nullptr) << text;
  }
}

TEST(Tree, RefusesWhatIsNoYaml) {
  EXPECT_THAT(why_not("a: [1, 2\nb: 3\n"), HasSubstr("2:2: not YAML: "));
  EXPECT_THAT(why_not("a:\n\tb: 1\n"), HasSubstr("2:3: not YAML: "));
  EXPECT_THAT(why_not("a: *unknown\n"), HasSubstr("1:4: not YAML: "));
  EXPECT_THAT(why_not("a: 1\n---\nb: 2\n"), HasSubstr("2:1: a second document"));
}

TEST(Tree, RefusesWhatIsNoText) {
  EXPECT_EQ(why_not(std::string("a: 1\nb\xc3\xa9: \0", 11)), "2:6: a NUL byte");
  EXPECT_EQ(why_not("a: \x1b[1m"), "1:4: a control character");
  EXPECT_EQ(why_not("a: 1\nb: \xe9\n"), "2:4: a byte that is not UTF-8");
  EXPECT_EQ(why_not("\xff\xfe"
                    "a"),
            "1:1: a byte that is not UTF-8");
  EXPECT_EQ(why_not("a: \"x\\0\"\n"), "1:4: the value has a NUL byte");
}

TEST(Tree, RefusesDeepNesting) {
  EXPECT_EQ(why_not(repeated("[", 64) + repeated("]", 64)), "");
  for (const char* part : {"[", "{a: ", "- ", "? ", "[[{a: "})
    for (const size_t count : {100, 1000, 1 << 20})
      EXPECT_THAT(why_not(repeated(part, count)), HasSubstr("nested more than 64 levels"));
  EXPECT_THAT(why_not(repeated("[", 65) + repeated("]", 65)), HasSubstr("nested more than 64"));
}

TEST(Tree, RefusesAliasesThatMultiply) {
  std::string laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1) + " ";
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + alias;
    laughs += repeated(", " + alias, 9) + "]\n";
  }
  EXPECT_THAT(why_not(laughs), HasSubstr("more than a configuration can hold"));
}

TEST(Tree, RefusesAliasesOfLongTextThatMultiply) {
  const std::string text =
      "a: &a \"" + std::string(1 << 20, 'x') + "\"\nb: [*a" + repeated(", *a", 1000) + "]\n";
  EXPECT_THAT(why_not(text), HasSubstr("more than a configuration can hold"));
}

TEST(Tree, RefusesAnAliasInsideItself) {
  EXPECT_EQ(why_not("&a [*a]"), "1:5: an alias to what it is part of");
  EXPECT_EQ(why_not("a: &a {b: [*a]}"), "1:12: an alias to what it is part of");
}

TEST(Tree, RefusesWhatIsLarge) {
  EXPECT_EQ(why_not(std::string(kMostBytes, ' ')), "");
  EXPECT_EQ(why_not(std::string(kMostBytes + 1, ' ')), "0:0: larger than 16 MiB");
}

TEST(Path, IsRelatedToWhatIsInsideIt) {
  EXPECT_TRUE(is_related("services[1]", "services[1].vip"));
  EXPECT_TRUE(is_related("services[1].servers[0]", "services"));
  EXPECT_TRUE(is_related("a.b", "a.b"));
  EXPECT_TRUE(is_related("", "anything"));
  EXPECT_FALSE(is_related("services[1]", "services[10]"));
  EXPECT_FALSE(is_related("director.xdp", "director.xdpx"));
  EXPECT_FALSE(is_related("services[1].vip", "services[1].port"));
}

TEST(Path, QuotesKeysThatAreNoWords) {
  const Path root;
  const Path list = root.key("services");
  const Path element = list.at(2);
  EXPECT_EQ(element.key("name").to_string(), "services[2].name");
  EXPECT_EQ(element.key("a\nb").to_string(), R"(services[2]."a\x0ab")");
  EXPECT_EQ(root.key("").to_string(), "\"\"");
}

}  // namespace
}  // namespace pinion::config
