// SPDX-License-Identifier: Apache-2.0
// The answer to `stats`: totals, and rates between two snapshots.
#pragma once

#include "balancer/control/json.h"

namespace pinion::control {

// The totals of `now` and, with `before`, also "per_second": the increase divided by the time
// between the two. A counter that `before` does not have, or that is less now, started from 0.
Json stats_json(const Snapshot& now, const Snapshot* before);

}  // namespace pinion::control
