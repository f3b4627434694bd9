// SPDX-License-Identifier: Apache-2.0
// Paths in a configuration, such as "services[2].servers[0].weight".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "config/yaml/nodes.h"

namespace pinion::config {

// One step of a path, linked to its parent; it becomes text only for a problem.
// REQUIRES: the parent and the text of `key` outlive it.
class Path {
 public:
  Path() = default;  // The root.
  Path key(std::string_view key) const { return {this, key, 0}; }
  Path at(size_t index) const { return {this, std::nullopt, index}; }

  std::string to_string() const;  // "" for the root.

 private:
  Path(const Path* parent, std::optional<std::string_view> key, size_t index)
      : parent_(parent), key_(key), index_(index) {}

  const Path* parent_ = nullptr;
  std::optional<std::string_view> key_;
  size_t index_ = 0;  // Where there is no key.
};

// Whether the paths are equal, or one is inside the other.
bool is_related(std::string_view path, std::string_view other);

// Whether the text has a node at the path.
bool is_there(const Node& root, std::string_view path);

// The mark of the node at the path, or of the innermost parent that the text has.
Mark locate(const Node& root, std::string_view path);

}  // namespace pinion::config
