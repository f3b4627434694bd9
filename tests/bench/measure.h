// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "tests/bench/rows.h"

namespace pinion::bench {

struct Effort {
  uint32_t rounds = 61;
  uint32_t packets = 4000;   // Timed, of each row in each round.
  uint32_t warm_up = 40000;  // Before them, untimed.
};

// By row, by round: nanoseconds of a packet less those of the driver with `return XDP_PASS`. Rows
// are in another order in each round, and each runs beside its own `return XDP_PASS`. Throws where
// a packet went another way than the row says.
std::vector<std::vector<double>> measure(Driver& driver, std::vector<Row>& rows,
                                         const Effort& effort);

}  // namespace pinion::bench
