// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/config/key_list.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "config/keys.h"

namespace pinion::config {
namespace {

class Lister {
 public:
  template <typename T>
  void list(const std::string& prefix) {
    for_each_key<T>([&](const auto& key) { add(key, prefix + std::string(key.name)); });
  }
  std::vector<ListedKey> take() { return std::move(keys_); }

 private:
  template <typename T, typename V>
  void add(const ScalarKey<T, V>& key, const std::string& path) {
    const std::string value = key.codec->format(T{}.*key.member);
    const bool required = key.presence == Presence::kRequired;
    keys_.push_back(
        {path, required ? "required" : (value.empty() ? "none" : value), std::string(key.alias)});
  }
  template <typename T, typename E, typename V>
  void add(const ShortKey<T, E, V>& key, const std::string& path) {
    const bool required = key.presence == Presence::kRequired;
    keys_.push_back({path, required ? "required" : key.codec->format(E{}.*key.member), ""});
  }
  template <typename T, typename V>
  void add(const ScalarsKey<T, V>&, const std::string& path) {
    keys_.push_back({path, "required", ""});
  }
  template <typename T, typename V>
  void add(const MappingKey<T, V>&, const std::string& path) {
    keys_.push_back({path, "", ""});
    list<V>(path + ".");
  }
  template <typename T, typename V>
  void add(const MappingsKey<T, V>&, const std::string& path) {
    keys_.push_back({path, "none", ""});
    list<V>(path + "[].");
  }

  std::vector<ListedKey> keys_;
};

}  // namespace

std::vector<ListedKey> key_list() {
  Lister lister;
  lister.list<Config>("");
  return lister.take();
}

std::string read_source(const std::string& path) {
  std::ifstream file(std::string(PINION_SOURCE_DIR) + "/" + path);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace pinion::config
