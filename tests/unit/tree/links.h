// SPDX-License-Identifier: Apache-2.0
// The links between the Markdown pages of the tree, and the files that the pages name.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/unit/tree/rules.h"

namespace pinion::tree {

// `path` is relative to the root of the tree, and may be a folder.
using Exists = std::function<bool(const std::string& path)>;

// Every relative link leads to something that exists, and its "#anchor" to a heading of that page.
// Links to other sites are not followed.
Problems check_links(const std::vector<File>& pages, const Exists& exists);

// Every `deploy/...`, `tests/...` and `config/examples/...` in a page's text exists. Patterns and
// commands are skipped.
Problems check_named_files(const std::vector<File>& pages, const Exists& exists);

// The pages that no chain of links from the page `start` leads to.
std::vector<std::string> unreachable(const std::vector<File>& pages, const std::string& start);

}  // namespace pinion::tree
