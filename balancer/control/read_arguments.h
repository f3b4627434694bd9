// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "balancer/control/verb.h"

namespace pinion::control {

// Reads the arguments of a request for `verb`; `path` has those of its path. Refuses, by name,
// what is missing, unknown, of the wrong type or out of range.
Outcome<Arguments> read_arguments(const Verb& verb, const std::map<std::string, std::string>& path,
                                  const std::map<std::string, std::string>& query,
                                  const std::string& body);

}  // namespace pinion::control
