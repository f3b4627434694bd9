// SPDX-License-Identifier: Apache-2.0
// The rules, on every file of the tree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <ostream>
#include <sstream>

#include "tests/support/shell.h"
#include "tests/unit/tree/rules.h"

namespace pinion::tree {
namespace {

namespace fs = std::filesystem;

// Python leaves compiled files beside its sources.
constexpr const char* kRoots[] = {".ci", "balancer", "config", "ctl", "deploy", "tests"};
constexpr std::string_view kNotOurs = "__pycache__";

File read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return {fs::relative(path, PINION_SOURCE_DIR).string(), text.str()};
}

const std::vector<File>& sources() {
  static const std::vector<File> all = [] {
    std::vector<File> files = {read(fs::path(PINION_SOURCE_DIR) / "CMakeLists.txt")};
    for (const char* root : kRoots) {
      for (const auto& entry :
           fs::recursive_directory_iterator(fs::path(PINION_SOURCE_DIR) / root)) {
        if (!entry.is_regular_file() || entry.path().parent_path().filename() == kNotOurs) continue;
        if (File file = read(entry.path()); is_source(file)) files.push_back(std::move(file));
      }
    }
    return files;
  }();
  return all;
}

struct Rule {
  std::string name;
  Problems (*check)(const File& file);
};
void PrintTo(const Rule& rule, std::ostream* out) { *out << rule.name; }

class Tree : public testing::TestWithParam<Rule> {};

TEST_P(Tree, KeepsTheRule) {
  Problems problems;
  for (const File& file : sources())
    for (std::string& problem : GetParam().check(file)) problems.push_back(std::move(problem));
  EXPECT_THAT(problems, testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, Tree,
                         testing::Values(Rule{"Includes", check_includes}, Rule{"Asio", check_asio},
                                         Rule{"Licence", check_licence},
                                         Rule{"Length", check_length}, Rule{"Words", check_words}),
                         [](const auto& each) { return each.param.name; });

// Another version has other ideas.
TEST(Format, IsThatOfClangFormat14) {
  const auto version = test::shell("clang-format --version");
  if (version.out.find("version 14.") == std::string::npos)
    GTEST_SKIP() << "needs clang-format 14: " << version.out;
  std::string names;
  for (const File& file : sources())
    if (const auto kind = fs::path(file.path).extension();
        kind == ".cc" || kind == ".h" || kind == ".c")
      names += " " + file.path;
  const auto checked =
      test::shell("cd " PINION_SOURCE_DIR " && clang-format --dry-run --Werror" + names);
  EXPECT_EQ(checked.status, 0) << checked.out;
}

// A walk that finds nothing would keep every rule.
TEST(TreeWalk, FindsTheSources) {
  std::vector<std::string> paths;
  for (const File& file : sources()) paths.push_back(file.path);
  EXPECT_THAT(paths, testing::IsSupersetOf({"CMakeLists.txt", "balancer/base/net.cc",
                                            "balancer/bpf/abi/abi.h", "config/config.h",
                                            "tests/unit/tree/tree_test.cc"}));
  EXPECT_GT(paths.size(), 50u);
}

}  // namespace
}  // namespace pinion::tree
