// SPDX-License-Identifier: Apache-2.0
// What is live and what has been counted, at one moment.
#pragma once

#include "balancer/dataplane/counters.h"
#include "balancer/dataplane/sweeper.h"
#include "balancer/dataplane/tables.h"
#include "balancer/director/reconciler.h"
#include "balancer/interfaces/interfaces.h"
#include "balancer/model/snapshot.h"
#include "config/config.h"

namespace pinion {

// Where it is read from.
struct SnapshotSources {
  const Config& live;
  const Tables& tables;
  const Counters& counters;
  const Sweeper& sweeper;
  const Interfaces& interfaces;
  const Reconciler& reconciler;
};

// Fills in the interfaces, tables, verdicts and services, and leaves the director's own history to
// the caller.
Snapshot take_snapshot(const SnapshotSources& from);

}  // namespace pinion
