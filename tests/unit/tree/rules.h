// SPDX-License-Identifier: Apache-2.0
// What every file of the tree must keep, as functions of its path and text alone. Each returns one
// line a problem.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pinion::tree {

using Problems = std::vector<std::string>;

// A file of the tree; `path` is relative to its root.
struct File {
  std::string path;
  std::string text;
};

// Code, scripts, build files and YAML: what a person wrote and can put a comment into.
bool is_source(const File& file);

// An include stays in its folder, or goes to a folder that stands further down. A file in a folder
// that the rules do not know may include nothing; main.cc may include everything. So may tests.
Problems check_includes(const File& file);

// Boost.Asio needs what base/asio.h does before it.
Problems check_asio(const File& file);

// The licence in the first lines: the data plane's own in balancer/bpf, either in BPF programs
// elsewhere, Apache-2.0 in all other files.
Problems check_licence(const File& file);

Problems check_length(const File& file);

// Words that say that something is missing.
Problems check_words(const File& file);

}  // namespace pinion::tree
