// SPDX-License-Identifier: Apache-2.0
#include "config/yaml/load.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "balancer/base/fd.h"
#include "config/check/check.h"
#include "config/yaml/reader.h"

namespace pinion::config {
namespace {

Loaded refused(const std::string& place, std::string what) {
  Loaded loaded;
  loaded.problems.push_back({place, "", std::move(what), false});
  return loaded;
}

std::string place_of(const std::string& name, Mark mark) {
  if (mark.line == 0) return name;
  return name + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column);
}

// A value that could not be read has its default here. What the checks find about the default would
// mislead the operator.
bool is_consequence(const Problem& problem, const std::vector<Remark>& misread) {
  if (misread.empty()) return false;
  if (problem.warning) return true;
  return std::any_of(misread.begin(), misread.end(), [&](const Remark& remark) {
    return is_related(problem.path, remark.problem.path);
  });
}

// check() names a service's only listener by its short form. The text may have the long form.
std::string as_written(const Node& root, std::string path) {
  const size_t dot = std::min(path.rfind('.'), path.size());
  const std::string listener = path.substr(0, dot) + ".listeners[0]";
  for (const std::string_view key : key_names<Listener>())
    if (path.substr(dot) == "." + std::string(key) && is_there(root, listener))
      return listener + path.substr(dot);
  return path;
}

void add_checks(const Config& config, const Vocabulary& vocabulary, const Node& root,
                std::vector<Remark>& remarks) {
  const std::vector<Remark> misread = remarks;
  for (Problem& problem : check(config, vocabulary)) {
    if (remarks.size() >= Reader::kMostRemarks) return;
    problem.path = as_written(root, std::move(problem.path));
    if (is_consequence(problem, misread)) continue;
    const Mark mark = locate(root, problem.path);
    remarks.push_back({mark, std::move(problem)});
  }
}

// In a file the name is optional; everywhere else each service has one.
void name_services(Config& config) {
  for (Service& service : config.services)
    if (service.name.empty()) service.name = default_name(service);
}

// Stops reading soon after kMostBytes, which parse_tree() then refuses.
Result<std::string> read_file(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_error("cannot be read");
  std::string text;
  std::array<char, 65536> buffer;
  while (text.size() <= kMostBytes) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("cannot be read");
    if (count == 0) break;
    text.append(buffer.data(), static_cast<size_t>(count));
  }
  return text;
}

}  // namespace

bool Loaded::ok() const {
  return std::all_of(problems.begin(), problems.end(), [](const Problem& p) { return p.warning; });
}

std::string Loaded::errors() const {
  std::string lines;
  for (const Problem& problem : problems) {
    if (problem.warning) continue;
    if (!lines.empty()) lines += '\n';
    lines += problem.to_string();
  }
  return lines;
}

Loaded load(std::string_view text, const std::string& name, const Vocabulary& vocabulary) {
  const auto tree = parse_tree(text);
  if (!tree) return refused(place_of(name, tree.error().mark), tree.error().what);
  const Node* root = tree->root;
  if (!root || root->kind == Node::Kind::kNothing)
    return refused(name, "is empty; it needs at least director.interfaces");

  Loaded loaded;
  Reader reader;
  reader.read_mapping(*root, Path(), loaded.config);
  name_services(loaded.config);
  std::vector<Remark> remarks = reader.take();
  if (root->kind == Node::Kind::kMapping) add_checks(loaded.config, vocabulary, *root, remarks);
  std::stable_sort(remarks.begin(), remarks.end(),
                   [](const Remark& a, const Remark& b) { return a.mark < b.mark; });
  for (Remark& remark : remarks) {
    remark.problem.place = place_of(name, remark.mark);
    loaded.problems.push_back(std::move(remark.problem));
  }
  return loaded;
}

Loaded load_file(const std::string& path, const Vocabulary& vocabulary) {
  const auto text = read_file(path);
  if (!text) return refused(path, text.error().message());
  return load(*text, path, vocabulary);
}

}  // namespace pinion::config
