// SPDX-License-Identifier: Apache-2.0
// YAML text -> a tree of nodes with line and column. Built from yaml-cpp's events, not from its
// YAML::Node, for three reasons: duplicate keys stay visible, a hostile text (deep nesting, aliases
// that multiply) is stopped while it is parsed, and 100,000 servers take a fraction of the time.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "balancer/base/error.h"

namespace pinion::config {

// Line and column (in bytes), counted from 1; 0 stands for the text as a whole.
struct Mark {
  int line = 0;
  int column = 0;
  auto operator<=>(const Mark&) const = default;
};

// A scalar is text, whatever it looks like: `label: 3` is "3", and `group: no` is "no".
struct Node {
  enum class Kind { kNothing, kScalar, kList, kMapping };

  Kind kind = Kind::kNothing;
  Mark mark;
  std::string text;                   // Of a scalar.
  std::vector<const Node*> children;  // Of a mapping: key, value, key, value, ...

  // The size of the node and all below it, with aliases expanded: 1 for each node, and 1 for each
  // 32 bytes of text. 0 while the node is being built.
  size_t weight = 0;
};

struct Tree {
  std::deque<Node> nodes;      // Owns them; they do not move.
  const Node* root = nullptr;  // nullptr: the text has no document.
};

// Why there is no tree.
struct Refusal {
  Mark mark;
  std::string what;
};

constexpr size_t kMostBytes = 16 << 20;
constexpr size_t kMostWeight = 4 << 20;
constexpr size_t kDeepest = 64;

// Never throws. Refuses a text that is not UTF-8, has control characters, or exceeds the bounds
// above.
Result<Tree, Refusal> parse_tree(std::string_view text);

}  // namespace pinion::config
