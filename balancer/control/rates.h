// SPDX-License-Identifier: Apache-2.0
// What `stats` answers: totals, and rates from two snapshots.
#pragma once

#include "balancer/control/json.h"

namespace pinion::control {

// Totals of `now`; with `before`, also "per_second": what was added in between, over the time
// between the two. What `before` does not have began at 0, and so did what counts less now.
Json stats_json(const Snapshot& now, const Snapshot* before);

}  // namespace pinion::control
