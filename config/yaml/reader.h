// SPDX-License-Identifier: Apache-2.0
// Nodes -> values by the tables of keys.h, with a remark for each thing that does not fit.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "config/keys.h"
#include "config/yaml/load.h"
#include "config/yaml/nodes.h"
#include "config/yaml/path.h"

namespace pinion::config {

// A problem and its position in the text.
struct Remark {
  Mark mark;
  Problem problem;
};

// A value that cannot be read keeps its default, and reading continues. A key without a value
// (`vips:`) is an empty list or mapping.
class Reader {
 public:
  // Far more than anybody corrects at once; a bound for texts that are not configurations.
  static constexpr size_t kMostRemarks = 1000;

  template <typename T>
  void read_mapping(const Node& node, const Path& path, T& into);

  std::vector<Remark> take() { return std::move(remarks_); }

 private:
  // For each row of T's table, whether its key was there.
  template <typename T>
  using Seen = std::array<bool, std::tuple_size_v<std::remove_const_t<decltype(kKeys<T>)>>>;

  void remark(Mark mark, const Path& path, std::string what);
  // Whether the node is of that kind, or empty. If it is neither, adds a remark.
  bool expect(Node::Kind kind, const Node& node, const Path& path, bool of_scalars = false);
  void unknown_key(const Node& key, const Path& path, std::span<const std::string_view> known);
  void misread(const Node& node, const Path& path, const Syntax& syntax, const std::string& hint);

  void said_twice(Mark mark, const Path& path, std::string_view list);
  // Reads the member whose name is the mapping's child `at`.
  template <typename T>
  void read_member(const Node& mapping, size_t at, const Path& path, T& into, Seen<T>& seen);
  template <typename T, typename V>
  void read(const ScalarKey<T, V>& key, const Node& node, const Path& path, T& into);
  template <typename T, typename V>
  void read(const ScalarsKey<T, V>& key, const Node& node, const Path& path, T& into);
  template <typename T, typename V>
  void read(const MappingKey<T, V>& key, const Node& node, const Path& path, T& into);
  template <typename T, typename V>
  void read(const MappingsKey<T, V>& key, const Node& node, const Path& path, T& into);
  template <typename T, typename E, typename V>
  void read(const ShortKey<T, E, V>& key, const Node& node, const Path& path, T& into);
  template <typename V>
  void read_scalar(const Codec<V>& codec, const Node& node, const Path& path, V& into);

  std::vector<Remark> remarks_;
};

template <typename Key>
bool is_called(const Key& key, std::string_view name) {
  if constexpr (requires { key.alias; })
    if (!key.alias.empty() && key.alias == name) return true;
  return key.name == name;
}

template <typename Key>
bool is_required(const Key& key) {
  if constexpr (requires { key.presence; }) return key.presence == Presence::kRequired;
  return false;
}

// Whether the mapping has a key of that name.
inline bool has_key(const Node& mapping, std::string_view name) {
  for (size_t i = 0; i + 1 < mapping.children.size(); i += 2)
    if (mapping.children[i]->text == name) return true;
  return false;
}

// A required short key may be missing if its list is there.
template <typename Key>
bool is_missing(const Key& key, const Node& mapping) {
  if constexpr (requires { key.list_name; })
    if (has_key(mapping, key.list_name)) return false;
  return is_required(key);
}

template <typename T>
std::vector<std::string_view> key_names() {
  std::vector<std::string_view> names;
  for_each_key<T>([&](const auto& key) { names.push_back(key.name); });
  return names;
}

template <typename T>
void Reader::read_mapping(const Node& node, const Path& path, T& into) {
  if (!expect(Node::Kind::kMapping, node, path)) return;
  Seen<T> seen{};
  for (size_t i = 0; i + 1 < node.children.size(); i += 2) read_member(node, i, path, into, seen);
  size_t row = 0;
  for_each_key<T>([&](const auto& key) {
    if (!seen[row++] && is_missing(key, node)) remark(node.mark, path.key(key.name), "is missing");
  });
}

template <typename T>
void Reader::read_member(const Node& mapping, size_t at, const Path& path, T& into, Seen<T>& seen) {
  const Node& name = *mapping.children[at];
  const Node& value = *mapping.children[at + 1];
  bool known = false;
  size_t row = 0;
  for_each_key<T>([&](const auto& key) {
    bool& again = seen[row++];
    if (!is_called(key, name.text)) return;
    known = true;
    const Path here = path.key(key.name);
    if (std::exchange(again, true)) return remark(name.mark, here, "is given twice");
    if constexpr (requires { key.list_name; })
      if (has_key(mapping, key.list_name)) return said_twice(name.mark, here, key.list_name);
    read(key, value, here, into);
  });
  if (!known) unknown_key(name, path, key_names<T>());
}

template <typename T, typename V>
void Reader::read(const ScalarKey<T, V>& key, const Node& node, const Path& path, T& into) {
  read_scalar(*key.codec, node, path, into.*key.member);
}

template <typename T, typename V>
void Reader::read(const ScalarsKey<T, V>& key, const Node& node, const Path& path, T& into) {
  if (!expect(Node::Kind::kList, node, path, true)) return;
  std::vector<V>& list = into.*key.member;
  list.resize(node.children.size());
  for (size_t i = 0; i < list.size(); ++i)
    read_scalar(*key.codec, *node.children[i], path.at(i), list[i]);
}

template <typename T, typename V>
void Reader::read(const MappingKey<T, V>& key, const Node& node, const Path& path, T& into) {
  read_mapping(node, path, into.*key.member);
}

template <typename T, typename V>
void Reader::read(const MappingsKey<T, V>& key, const Node& node, const Path& path, T& into) {
  if (!expect(Node::Kind::kList, node, path)) return;
  std::vector<V>& list = into.*key.member;
  list.resize(node.children.size());
  for (size_t i = 0; i < list.size(); ++i) read_mapping(*node.children[i], path.at(i), list[i]);
}

template <typename T, typename E, typename V>
void Reader::read(const ShortKey<T, E, V>& key, const Node& node, const Path& path, T& into) {
  std::vector<E>& list = into.*key.list;
  list.resize(1);
  read_scalar(*key.codec, node, path, list[0].*key.member);
}

template <typename V>
void Reader::read_scalar(const Codec<V>& codec, const Node& node, const Path& path, V& into) {
  if (node.kind != Node::Kind::kScalar) return misread(node, path, codec, "");
  auto value = codec.parse(node.text);
  if (!value) return misread(node, path, codec, value.error().hint);
  into = std::move(*value);
}

}  // namespace pinion::config
