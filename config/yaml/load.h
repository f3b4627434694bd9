// SPDX-License-Identifier: Apache-2.0
// YAML -> Config. Everything that is wrong is reported at once, where it stands.
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

// Parses and checks (check/check.h). `name` is what places call the text. Never throws, whatever
// the text.
Loaded load(std::string_view text, const std::string& name, const Vocabulary& vocabulary);
// The same of a file; that it cannot be read, or is larger than 16 MiB, is a Problem.
Loaded load_file(const std::string& path, const Vocabulary& vocabulary);

}  // namespace pinion::config
