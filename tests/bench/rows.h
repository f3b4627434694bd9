// SPDX-License-Identifier: Apache-2.0
// What is measured, and the budgets.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/driver.h"
#include "tests/bench/floor.h"
#include "tests/bench/instance.h"

namespace pinion::bench {

// At most `factor` times what another row costs; with `over`, beyond what that row does.
struct Budget {
  std::string of;
  double factor = 1;
  std::string over;
};

struct Row {
  std::string name;
  bench_plan plan{};
  uint32_t action = 0;           // What must become of every packet.
  Instance* instance = nullptr;  // None: a floor.
  pinion_verdict verdict = PINION_NEXT;
  uint64_t fresh = 0;   // The next flow that was never seen; 0: the plan's flows come again.
  bool sweeps = false;  // Each time, those that the last one has made are ended, for their room.
  std::optional<Budget> budget;
};

struct Sizes {
  uint32_t small = 1000;
  uint32_t large = 1'000'000;
  uint32_t huge = 4'000'000;
  uint32_t many = 10'000;  // Services, real servers.
};

// The rows, and the programs that they run.
struct Bench {
  std::vector<std::unique_ptr<Floor>> floors;
  std::vector<std::unique_ptr<Instance>> instances;
  std::vector<Row> rows;
};

Bench make_bench(Driver& driver, const Sizes& sizes);

}  // namespace pinion::bench
