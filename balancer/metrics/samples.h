// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/metric_family.h>

#include <type_traits>
#include <utility>
#include <vector>

namespace pinion {

using Labels = std::vector<prometheus::ClientMetric::Label>;

// The samples of one metric, as its collector adds them.
class Samples {
 public:
  explicit Samples(prometheus::MetricFamily& family) : family_(family) {}

  // Prometheus keeps doubles: a count is exact up to 2^53.
  template <typename T>
  requires std::is_arithmetic_v<T>
  void add(Labels labels, T value) {
    prometheus::ClientMetric sample;
    sample.label = std::move(labels);
    const auto number = static_cast<double>(value);
    if (family_.type == prometheus::MetricType::Counter) {
      sample.counter.value = number;
    } else {
      sample.gauge.value = number;
    }
    family_.metric.push_back(std::move(sample));
  }

 private:
  prometheus::MetricFamily& family_;
};

}  // namespace pinion
