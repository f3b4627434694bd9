// SPDX-License-Identifier: Apache-2.0
// The manual page has every key of the tables, with its default, and none besides.
#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "tests/unit/config/fixtures.h"
#include "tests/unit/config/key_list.h"

namespace pinion::config {
namespace {

const std::string kManual = read_source("deploy/man/pinion.yaml.5");

std::vector<std::string> manual_lines() {
  std::istringstream manual(kManual);
  std::vector<std::string> lines;
  for (std::string line; std::getline(manual, line);) lines.push_back(line);
  return lines;
}

// ".It Cm KEY Pq TYPE, required" or ".It Cm KEY Pq TYPE, default Ql VALUE", without ".It Cm KEY".
std::string documented_default(const std::string& rest) {
  const size_t comma = rest.find(", ");
  if (comma == std::string::npos) return rest;
  const std::string value = rest.substr(comma + 2);
  const std::string before = "default Ql ";
  return value.starts_with(before) ? value.substr(before.size()) : value;
}

std::map<std::string, std::string> documented_keys() {
  const std::string item = ".It Cm ";
  std::map<std::string, std::string> keys;
  for (const std::string& line : manual_lines()) {
    if (!line.starts_with(item)) continue;
    const size_t end = std::min(line.find(' ', item.size()), line.size());
    const std::string key = line.substr(item.size(), end - item.size());
    EXPECT_TRUE(keys.emplace(key, documented_default(line.substr(end))).second) << key;
  }
  return keys;
}

// What stands between .Bd and .Ed.
std::vector<std::string> displays() {
  std::vector<std::string> texts;
  bool inside = false;
  for (const std::string& line : manual_lines()) {
    if (line.starts_with(".Bd"))
      texts.emplace_back();
    else if (inside && line != ".Ed")
      texts.back() += line + "\n";
    inside = line.starts_with(".Bd") || (inside && line != ".Ed");
  }
  return texts;
}

TEST(Manual, HasEveryKeyWithItsDefault) {
  std::map<std::string, std::string> known;
  for (const ListedKey& key : key_list()) known.emplace(key.path, key.value);
  EXPECT_EQ(documented_keys(), known);
}

TEST(Manual, NamesEveryAlias) {
  std::set<std::string> aliases;
  for (const ListedKey& key : key_list())
    if (!key.alias.empty()) aliases.insert(key.alias);
  EXPECT_FALSE(aliases.empty());
  for (const std::string& alias : aliases)
    EXPECT_THAT(kManual, testing::HasSubstr("\n.Cm " + alias + "\n"));
}

TEST(Manual, NamesEveryScheduler) {
  for (const std::string_view keyword : kVocabulary.schedulers)
    EXPECT_THAT(kManual, testing::HasSubstr("\n.Ql " + std::string(keyword) + " :\n"));
}

// Its examples are meant to be copied.
TEST(Manual, HasExamplesThatLoad) {
  const std::vector<std::string> examples = displays();
  EXPECT_EQ(examples.size(), 3u);
  for (const std::string& example : examples)
    EXPECT_EQ(all_of(load(example, "example", kVocabulary).problems), "");
}

}  // namespace
}  // namespace pinion::config
