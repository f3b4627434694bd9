// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>

#include "config/config.h"

namespace pinion::config {

// A configuration that passes its checks (with warnings), of every shape that those allow.
Config random_config(std::mt19937& random);

}  // namespace pinion::config
