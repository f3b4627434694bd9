// SPDX-License-Identifier: Apache-2.0
// The pages of the tree, and that each check finds what it is for.
#include "tests/unit/tree/links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace pinion::tree {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;

const fs::path kRoot = PINION_SOURCE_DIR;

void add_page(const fs::path& path, std::vector<File>& pages) {
  if (path.extension() != ".md") return;
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  pages.push_back({fs::relative(path, kRoot).string(), text.str()});
}

const std::vector<File>& pages() {
  static const std::vector<File> all = [] {
    std::vector<File> pages;
    for (const auto& entry : fs::directory_iterator(kRoot)) add_page(entry.path(), pages);
    for (const char* folder : {"balancer", "config", "ctl", "deploy", "tests"})
      for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder))
        add_page(entry.path(), pages);
    return pages;
  }();
  return all;
}

bool in_tree(const std::string& path) { return fs::exists(kRoot / path); }
bool nothing(const std::string&) { return false; }

TEST(Pages, LinkToWhatIsThere) { EXPECT_THAT(check_links(pages(), in_tree), IsEmpty()); }

TEST(Pages, NameFilesThatAreThere) { EXPECT_THAT(check_named_files(pages(), in_tree), IsEmpty()); }

TEST(Pages, AreReachableFromTheReadme) {
  EXPECT_THAT(unreachable(pages(), "README.md"), IsEmpty());
}

// A walk that finds nothing would pass every check.
TEST(Pages, AreFound) {
  std::vector<std::string> paths;
  for (const File& page : pages()) paths.push_back(page.path);
  EXPECT_THAT(paths, IsSupersetOf({"README.md", "CONTRIBUTING.md", "deploy/doc/limits.md",
                                   "tests/bench/README.md"}));
}

TEST(Links, LeadFromWhereThePageIs) {
  const std::vector<File> both = {{"a.md", "[b](doc/b.md) [site](https://example.org/x)\n"},
                                  {"doc/b.md", "[a](../a.md) [c](c.md)\n"}};
  EXPECT_THAT(check_links(both, nothing), ElementsAre("doc/b.md:1: links to nothing: c.md"));
  EXPECT_THAT(check_links(both, [](const auto& path) { return path == "doc/c.md"; }), IsEmpty());
}

TEST(Links, LeadToHeadings) {
  const File target = {"b.md", "# What's `on_stop`: keep?\n```\n# no heading\n```\n"};
  const auto to = [&](const std::string& anchor) {
    return check_links({{"a.md", "\n[b](b.md#" + anchor + ")\n"}, target}, nothing);
  };
  EXPECT_THAT(to("whats-on_stop-keep"), IsEmpty());
  EXPECT_THAT(to("no-heading"), ElementsAre("a.md:2: links to no heading: b.md#no-heading"));
  EXPECT_THAT(check_links({{"a.md", "# Here\n[up](#here) [down](#there)\n"}}, nothing),
              ElementsAre("a.md:2: links to no heading: #there"));
}

TEST(Links, AreNotInCode) {
  EXPECT_THAT(check_links({{"a.md", "`[x](y)`\n```\n[x](y)\n```\n    [x](y)\n"}}, nothing),
              IsEmpty());
  EXPECT_EQ(check_links({{"a.md", "[`x`](y)\n"}}, nothing).size(), 1u);
}

TEST(NamedFiles, AreThoseThatAreNamedAlone) {
  const File page = {"a.md", "`deploy/x` `sudo deploy/x` `deploy/*` `deploy/x y` `/deploy/x`\n"};
  EXPECT_THAT(check_named_files({page}, nothing), ElementsAre("a.md:1: names no file: deploy/x"));
  EXPECT_THAT(check_named_files({page}, [](const auto&) { return true; }), IsEmpty());
}

TEST(Unreachable, IsWhatNoChainOfLinksLeadsTo) {
  const std::vector<File> all = {
      {"a.md", "[b](b.md)\n"}, {"b.md", "[c](c.md#x) [a](a.md)\n"}, {"c.md", ""}, {"d.md", ""}};
  EXPECT_THAT(unreachable(all, "a.md"), ElementsAre("d.md"));
}

}  // namespace
}  // namespace pinion::tree
