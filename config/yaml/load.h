// SPDX-License-Identifier: Apache-2.0
// YAML -> Config. Everything that is wrong is reported at once, where it stands.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "balancer/base/error.h"
#include "config/config.h"

namespace pinion::config {

// Something that is wrong with a configuration, or (warning) that is legal and likely a mistake.
struct Problem {
  std::string place;  // "pinion.yaml:12:5"; "" where there is no text, as for a runtime change.
  std::string path;   // "services[2].servers[0].weight"
  std::string what;   // "expected an integer from 0 to 65535, got \"ten\""
  bool warning = false;

  std::string to_string() const;  // "pinion.yaml:12:5: services[2].servers[0].weight: expected ..."
};

// Keywords that tables further up define, so that this library need not know the tables.
struct Vocabulary {
  std::vector<std::string_view> schedulers;
};

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
