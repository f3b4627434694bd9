// SPDX-License-Identifier: Apache-2.0
// The tables of config/keys.h, spelt out, to hold documents against.
#pragma once

#include <string>
#include <vector>

namespace pinion::config {

struct ListedKey {
  std::string path;   // "services[].servers[].weight"
  std::string value;  // The default: "required", "none" where it is absent, a mapping's is "".
  std::string alias;
};

std::vector<ListedKey> key_list();

// A file of this repository.
std::string read_source(const std::string& path);

}  // namespace pinion::config
