// SPDX-License-Identifier: Apache-2.0
// Where in a configuration something is, "services[2].servers[0].weight", independent of any text.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "config/yaml/nodes.h"

namespace pinion::config {

// A step from the root, on the stack of whoever walks down; spelt out only where something is
// wrong. The parent, and the text of `key`, must outlive it.
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

// Whether one is the other, or something inside it.
bool is_related(std::string_view path, std::string_view other);

// Whether the text has what the path leads to.
bool is_there(const Node& root, std::string_view path);

// The place of what the path leads to, or of the innermost of its parents that the text has.
Mark locate(const Node& root, std::string_view path);

}  // namespace pinion::config
