// SPDX-License-Identifier: Apache-2.0
// Every metric is a row of one table, kMetrics: its name, its type, its help, and how its samples
// are read from a Snapshot.
#pragma once

#include <prometheus/metric_type.h>

#include <span>
#include <string>
#include <string_view>

#include "balancer/metrics/samples.h"
#include "balancer/model/snapshot.h"

namespace pinion {

struct Metric {
  std::string_view name;
  prometheus::MetricType type;
  std::string_view help;
  void (*collect)(const Snapshot& snapshot, Samples& samples);
};

std::span<const Metric> metrics();

// Prometheus' text format, version 0.0.4. A metric without samples is left out. 100,000 real
// servers take some 3 s and 200 MB: not for the thread of the event loop.
std::string render(const Snapshot& snapshot);

}  // namespace pinion
