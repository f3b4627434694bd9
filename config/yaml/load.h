// SPDX-License-Identifier: Apache-2.0
// YAML -> Config. All problems are reported at once, each with its line and column.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "balancer/base/error.h"
#include "config/config.h"
#include "config/problem.h"

namespace pinion::config {

struct Loaded {
  Config config;                  // Meaningful only where ok().
  std::vector<Problem> problems;  // Errors and warnings, in the order of the text.

  bool ok() const;
  std::string errors() const;  // One a line, without the warnings.
};

// Parses and checks (check/check.h). Problems refer to the text as `name`. Never throws.
Loaded load(std::string_view text, const std::string& name, const Vocabulary& vocabulary);
// Does the same for a file. If it cannot be read or is larger than 16 MiB, that is a Problem.
Loaded load_file(const std::string& path, const Vocabulary& vocabulary);

}  // namespace pinion::config
