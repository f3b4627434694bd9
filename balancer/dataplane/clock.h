// SPDX-License-Identifier: Apache-2.0
// The packet path's clock: coarse CLOCK_MONOTONIC, in nanoseconds and in ticks (bpf/abi.h).
#pragma once

#include <time.h>

#include <cstdint>

#include "balancer/bpf/abi.h"

namespace pinion {

inline uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

inline uint32_t now_ticks() { return static_cast<uint32_t>(now_ns() >> PINION_TICK_SHIFT); }

}  // namespace pinion
