// SPDX-License-Identifier: Apache-2.0
// The rules that a Config must keep, those across keys included, for files and runtime changes.
#pragma once

#include <vector>

#include "config/config.h"
#include "config/problem.h"

namespace pinion::config {

// Returns all problems, with an empty `place`. Runs with every runtime change, so it has a budget:
// 5 ms for 1,000 services with 100 servers each.
std::vector<Problem> check(const Config& config, const Vocabulary& vocabulary);

}  // namespace pinion::config
