// SPDX-License-Identifier: Apache-2.0
// Config -> YAML, and the differences between two Configs.
#pragma once

#include <string>
#include <vector>

#include "balancer/base/error.h"
#include "config/config.h"

namespace pinion::config {

// YAML that loads as an equal Config, without defaults, in the order of config.h.
std::string to_yaml(const Config& config);

// Replaces the file atomically (a new file beside it, fsync, rename), keeping mode and owner; a
// symbolic link is followed. On failure the old file is untouched.
Result<> save_file(const std::string& path, const Config& config);

struct Difference {
  std::string path;  // "services[web].servers[192.168.146.131].weight": elements by name.
  std::string from;  // "" if it is new.
  std::string to;    // "" if it was removed.
};

std::vector<Difference> diff(const Config& from, const Config& to);

}  // namespace pinion::config
