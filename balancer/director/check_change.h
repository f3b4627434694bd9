// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "balancer/base/error.h"
#include "balancer/control/director_api.h"
#include "config/config.h"

namespace pinion {

// May a running director go from `live` to `next`? The error has a line for each problem: what is
// wrong with `next`, and what only another start can change, with the remedy. Otherwise returns
// what is legal and likely a mistake. Both name services and servers by name, not by line.
Result<Warnings> check_change(const config::Director& live, const Config& next);

}  // namespace pinion
