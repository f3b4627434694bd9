// SPDX-License-Identifier: Apache-2.0
#include "config/yaml/reader.h"

#include "balancer/base/suggest.h"
#include "config/characters.h"

namespace pinion::config {
namespace {

std::string got(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kScalar:
      return in_quotes(node.text);
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMapping:
      return "a mapping";
    case Node::Kind::kNothing:
      break;
  }
  return "nothing";
}

std::string joined(std::span<const std::string_view> words) {
  std::string result;
  for (const std::string_view word : words) {
    if (!result.empty()) result += ", ";
    result += word;
  }
  return result;
}

}  // namespace

void Reader::remark(Mark mark, const Path& path, std::string what) {
  if (remarks_.size() < kMostRemarks)
    remarks_.push_back({mark, {{}, path.to_string(), std::move(what), false}});
}

bool Reader::expect(Node::Kind kind, const Node& node, const Path& path, bool of_scalars) {
  if (node.kind == kind || node.kind == Node::Kind::kNothing) return true;
  const bool list = kind == Node::Kind::kList;
  std::string what =
      std::string("expected a ") + (list ? "list" : "mapping") + ", got " + got(node);
  if (of_scalars && node.kind == Node::Kind::kScalar)
    what += "; write [" + in_quotes(node.text) + "]";
  remark(node.mark, path, std::move(what));
  return false;
}

void Reader::unknown_key(const Node& key, const Path& path,
                         std::span<const std::string_view> known) {
  if (key.kind != Node::Kind::kScalar)
    return remark(key.mark, path, "expected a key, got " + got(key));
  const std::string hint = did_you_mean(key.text, known);
  remark(key.mark, path.key(key.text),
         "unknown key; " + (hint.empty() ? "the keys here are " + joined(known) : hint));
}

void Reader::said_twice(Mark mark, const Path& path, std::string_view list) {
  remark(mark, path,
         "belongs in \"" + std::string(list) + "\" if that is given; leave it out here");
}

void Reader::misread(const Node& node, const Path& path, const Syntax& syntax,
                     const std::string& hint) {
  remark(
      node.mark, path,
      "expected " + expected_by(syntax) + ", got " + got(node) + (hint.empty() ? "" : "; " + hint));
}

}  // namespace pinion::config
