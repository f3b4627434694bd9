// SPDX-License-Identifier: Apache-2.0
// What is wrong with a configuration, be it a text or a change at run time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

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

// For a configuration that is not a text: its lists are known by names, not by numbers.
// "services[2].servers[0].weight: ..." -> "service 'web', server 10.0.0.11, weight: ...": every
// place in `text` that names an element of a list by its number names it as operators do.
std::string by_name(const Config& config, std::string_view text);

}  // namespace pinion::config
