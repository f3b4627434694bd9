// SPDX-License-Identifier: Apache-2.0
#include "config/yaml/path.h"

#include <algorithm>
#include <charconv>

#include "config/characters.h"

namespace pinion::config {
namespace {

// Cuts the first step off the path: "services" of "services[2].name", then "[2]", then ".name".
std::string_view cut_step(std::string_view& path) {
  const std::string_view step = path.substr(0, path.find_first_of(".[", 1));
  path.remove_prefix(step.size());
  return step;
}

const Node* element(const Node& list, std::string_view digits) {
  size_t index = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  if (error != std::errc() || index >= list.children.size()) return nullptr;
  return list.children[index];
}

const Node* member(const Node& mapping, std::string_view key) {
  for (size_t i = 0; i + 1 < mapping.children.size(); i += 2)
    if (mapping.children[i]->text == key) return mapping.children[i + 1];
  return nullptr;
}

const Node* descend(const Node& node, std::string_view step) {
  if (step.starts_with('['))
    return node.kind == Node::Kind::kList ? element(node, step.substr(1)) : nullptr;
  if (step.starts_with('.')) step.remove_prefix(1);
  return node.kind == Node::Kind::kMapping ? member(node, step) : nullptr;
}

// An unknown key may contain anything, even line feeds: then it is quoted.
std::string shown(std::string_view key) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '/';
  };
  const bool plain =
      !key.empty() && key.size() <= 40 && std::all_of(key.begin(), key.end(), is_plain);
  return plain ? std::string(key) : in_quotes(key);
}

}  // namespace

std::string Path::to_string() const {
  if (!parent_) return "";
  const std::string before = parent_->to_string();
  if (!key_) return before + "[" + std::to_string(index_) + "]";
  return before.empty() ? shown(*key_) : before + "." + shown(*key_);
}

bool is_related(std::string_view path, std::string_view other) {
  if (path.size() > other.size()) std::swap(path, other);
  if (!other.starts_with(path)) return false;
  return path.empty() || path.size() == other.size() || other[path.size()] == '.' ||
         other[path.size()] == '[';
}

bool is_there(const Node& root, std::string_view path) {
  const Node* node = &root;
  while (node && !path.empty()) node = descend(*node, cut_step(path));
  return node != nullptr;
}

Mark locate(const Node& root, std::string_view path) {
  const Node* node = &root;
  while (!path.empty()) {
    const Node* next = descend(*node, cut_step(path));
    if (!next) break;
    node = next;
  }
  return node->mark;
}

}  // namespace pinion::config
