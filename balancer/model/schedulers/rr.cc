// SPDX-License-Identifier: Apache-2.0
#include <numeric>

#include "balancer/model/schedulers.h"

namespace pinion {

std::vector<uint32_t> build_rr(std::span<const Candidate> candidates) {
  std::vector<uint32_t> slots(candidates.size());
  std::iota(slots.begin(), slots.end(), 0u);
  return slots;
}

}  // namespace pinion
