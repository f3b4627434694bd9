// SPDX-License-Identifier: Apache-2.0
// The connection tables' clock, as the packet path reads it (bpf/clock.h): it counts the kernel's
// jiffies, in ticks (bpf/abi.h). No clock of user space will do, for none promises to keep pace
// with jiffies.
#pragma once

#include <time.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "balancer/base/error.h"
#include "balancer/base/fd.h"

namespace pinion {

// Copies read the same clock.
class Clock {
 public:
  Clock() = default;  // Shows nothing: now() REQUIRES a clock from start(), resume() or by program.

  // That of new tables: CLOCK_MONOTONIC's tick now, and from here on as many as jiffies pass.
  static Result<Clock> start();
  // That of tables which were made with this offset.
  static Result<Clock> resume(uint32_t offset);

  // `program` returns the clock less `offset`.
  Clock(Fd program, uint32_t ns_per_jiffy, uint32_t offset);

  // The tick that the packet path reads now, on whatever CPU; it takes about a microsecond. Where
  // the kernel refuses to tell, time stands still, and so nothing expires.
  uint32_t now() const;

  // What the packet path's constants are to be.
  uint32_t ns_per_jiffy() const { return source_->ns_per_jiffy; }
  uint32_t offset() const { return source_->offset; }

 private:
  struct Source {
    Fd program;
    uint32_t ns_per_jiffy;
    uint32_t offset;
    std::atomic<uint32_t> ticks;  // What the program returned last.
  };

  std::shared_ptr<Source> source_;
};

// Of CLOCK_MONOTONIC, as coarse as the packet path's bpf_ktime_get_coarse_ns().
inline uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace pinion
