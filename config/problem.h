// SPDX-License-Identifier: Apache-2.0
// What is wrong with a configuration file, or with a change at run time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace pinion::config {

// An error in a configuration, or a warning: something legal that is likely a mistake.
struct Problem {
  std::string place;  // "pinion.yaml:12:5"; "" for a change at run time, which has no text.
  std::string path;   // "services[2].servers[0].weight"
  std::string what;   // "expected an integer from 0 to 65535, got \"ten\""
  bool warning = false;

  std::string to_string() const;  // "pinion.yaml:12:5: services[2].servers[0].weight: expected ..."
};

// Keywords that the model defines. They are passed in, because config/ does not know the model.
struct Vocabulary {
  std::vector<std::string_view> schedulers;
};

// "services[2].servers[0].weight: ..." -> "service 'web', server 10.0.0.11, weight: ...": replaces
// each numbered element of a list in `text` by its name, for a change at run time: nobody can count
// the elements of a configuration that is not a text.
std::string by_name(const Config& config, std::string_view text);

}  // namespace pinion::config
