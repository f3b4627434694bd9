// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <set>

#include "config/keys.h"
#include "config/yaml/nodes.h"
#include "tests/unit/config/fixtures.h"
#include "tests/unit/config/key_list.h"

namespace pinion::config {
namespace {

const std::string kExamples = PINION_SOURCE_DIR "/config/examples/";

TEST(Examples, LoadWithoutAWarning) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kExamples)) {
    const Loaded loaded = load_file(entry.path(), kVocabulary);
    EXPECT_EQ(all_of(loaded.problems), "");
    EXPECT_FALSE(loaded.config.services.empty()) << entry.path();
    names.insert(entry.path().filename());
  }
  EXPECT_THAT(names,
              testing::IsSupersetOf({"lab.yaml", "minimal.yaml", "pinion.yaml", "scenario.yaml"}));
}

// The keys that pinion.yaml has, as key_list() writes them.
void collect(const Node& node, const std::string& path, std::set<std::string>& keys) {
  if (node.kind == Node::Kind::kList)
    for (const Node* child : node.children) collect(*child, path + "[]", keys);
  if (node.kind != Node::Kind::kMapping) return;
  for (size_t i = 0; i < node.children.size(); i += 2) {
    const std::string key = (path.empty() ? "" : path + ".") + node.children[i]->text;
    keys.insert(key);
    collect(*node.children[i + 1], key, keys);
  }
}

TEST(Examples, PinionYamlHasEveryKey) {
  const auto tree = parse_tree(read_source("config/examples/pinion.yaml"));
  ASSERT_TRUE(tree);
  std::set<std::string> keys;
  collect(*tree->root, "", keys);
  std::set<std::string> known;
  for (const ListedKey& key : key_list()) known.insert(key.path);
  EXPECT_EQ(keys, known);
}

TEST(Examples, PinionYamlHasTheDefaults) {
  const Loaded loaded = load_file(kExamples + "pinion.yaml", kVocabulary);
  Config config = loaded.config;
  Director defaults;
  defaults.interfaces = config.director.interfaces;
  defaults.local_addresses = config.director.local_addresses;  // By default there are none.
  EXPECT_TRUE(config.director == defaults);
  const Service& service = config.services.at(0);
  EXPECT_TRUE(config.vips.at(0) == (Vip{config.vips[0].address, config.vips[0].interface}));
  EXPECT_EQ(config.host_routes.at(0).metric, HostRoute{}.metric);
  EXPECT_EQ(service.servers.at(0).weight, Server{}.weight);
  Service silent;
  silent.listeners = service.listeners;
  silent.listeners.at(0).protocol = Listener{}.protocol;
  silent.name = default_name(silent);
  silent.servers = service.servers;
  silent.tunnel.source = service.tunnel.source;  // By default there is none.
  EXPECT_TRUE(service == silent);
}

}  // namespace
}  // namespace pinion::config
