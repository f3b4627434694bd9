// SPDX-License-Identifier: Apache-2.0
#include "config/yaml/nodes.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "config/characters.h"

namespace pinion::config {
namespace {

const std::string kTooDeep = "nested more than " + std::to_string(kDeepest) + " levels deep";

// Thrown through yaml-cpp out of an event handler, which has no other way to stop it.
struct Stop : std::runtime_error {
  Stop(Mark at, const std::string& what) : std::runtime_error(what), mark(at) {}
  Mark mark;
};

Mark mark_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

class Builder : public YAML::EventHandler {
 public:
  Tree take() { return std::move(tree_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (tree_.root) throw Stop(mark_of(mark), "a second document begins here; only one is read");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    leaf(Node::Kind::kNothing, mark, anchor, {});
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string& value) override {
    leaf(Node::Kind::kScalar, mark, anchor, value);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto target = anchors_.find(anchor);
    if (target == anchors_.end() || target->second->weight == 0)
      throw Stop(mark_of(mark), "an alias to what it is part of");
    attach(target->second, mark_of(mark));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::kList, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::kMapping, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  Node& make(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (tree_.nodes.size() >= kMostWeight) too_much(mark_of(mark));
    Node& node = tree_.nodes.emplace_back();
    node.kind = kind;
    node.mark = mark_of(mark);
    if (anchor != YAML::NullAnchor) anchors_[anchor] = &node;
    return node;
  }

  void leaf(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor,
            const std::string& text) {
    // In double quotes, "\\0" and the like put into a value what the text itself may not have.
    if (const auto bad = find_bad_byte(text))
      throw Stop(mark_of(mark), "the value has " + std::string(bad->what));
    Node& node = make(kind, mark, anchor);
    node.text = text;
    node.weight = 1 + text.size() / 32;
    attach(&node, node.mark);
  }

  void open(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    // yaml-cpp recurses for each level: this stops it long before its stack ends.
    if (open_.size() >= kDeepest) throw Stop(mark_of(mark), kTooDeep);
    open_.push_back(&make(kind, mark, anchor));
  }

  void close() {
    Node* node = open_.back();
    open_.pop_back();
    node->weight = 1;
    for (const Node* child : node->children) node->weight += child->weight;
    if (node->weight > kMostWeight) too_much(node->mark);
    attach(node, node->mark);
  }

  void attach(const Node* node, Mark mark) {
    if (open_.empty()) {
      tree_.root = node;
      return;
    }
    std::vector<const Node*>& siblings = open_.back()->children;
    if (siblings.size() >= kMostWeight) too_much(mark);
    siblings.push_back(node);
  }

  [[noreturn]] void too_much(Mark mark) {
    throw Stop(mark, "more than a configuration can hold, with its aliases followed");
  }

  Tree tree_;
  std::vector<Node*> open_;  // Lists and mappings that have not ended, the outermost first.
  std::map<YAML::anchor_t, const Node*> anchors_;
};

Mark mark_of_byte(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0.
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  return {static_cast<int>(line), static_cast<int>(offset - line_start + 1)};
}

// Finds where more brackets are open than in any real configuration. yaml-cpp reads a line of them
// before its first event and takes 250 bytes for each: 4 GB for 16 MiB. The count does not know
// quotes and comments, so it is generous; the builder is exact.
std::optional<size_t> find_bracket_too_deep(std::string_view text) {
  constexpr size_t kMostOpen = 1024;
  size_t open = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[' || text[i] == '{') ++open;
    if ((text[i] == ']' || text[i] == '}') && open > 0) --open;
    if (open > kMostOpen) return i;
  }
  return {};
}

Result<Tree, Refusal> run_parser(std::string_view text) {
  Builder builder;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take();
  } catch (const Stop& stop) {
    return Refusal{stop.mark, stop.what()};
  } catch (const YAML::Exception& error) {
    const Mark mark = error.mark.is_null() ? Mark{} : mark_of(error.mark);
    return Refusal{mark, "not YAML: " + error.msg};
  } catch (const std::exception& error) {
    return Refusal{{}, std::string("not YAML: ") + error.what()};
  }
}

}  // namespace

Result<Tree, Refusal> parse_tree(std::string_view text) {
  if (text.size() > kMostBytes) return Refusal{{}, "larger than 16 MiB"};
  if (const auto bad = find_bad_byte(text))
    return Refusal{mark_of_byte(text, bad->offset), std::string(bad->what)};
  if (const auto bracket = find_bracket_too_deep(text))
    return Refusal{mark_of_byte(text, *bracket), kTooDeep};
  return run_parser(text);
}

}  // namespace pinion::config
