// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/bench/rows.h"

namespace pinion::bench {

// A row's cost, in nanoseconds of a packet: the median of all rounds, and the quartiles.
struct Cost {
  std::string name;
  double net = 0;
  double lower = 0;
  double upper = 0;
  std::optional<Budget> budget;
  double floor = 0;  // Where there is a budget: what that row costs.
  double over = 0;   // And what is not counted.
  double ratio() const { return (net - over) / floor; }
  bool kept() const { return ratio() <= budget->factor; }
};

std::vector<Cost> costs_of(const std::vector<Row>& rows,
                           const std::vector<std::vector<double>>& nets);

std::string as_table(const std::vector<Cost>& costs);
std::string as_json(const std::vector<Cost>& costs);

}  // namespace pinion::bench
