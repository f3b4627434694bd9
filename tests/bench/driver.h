// SPDX-License-Identifier: Apache-2.0
// Runs bpf/driver.bpf.c: packets of a plan through a program, and what that costs.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tests/bench/bpf/plan.h"

struct driver_bpf;

namespace pinion::bench {

class Driver {
 public:
  Driver();
  ~Driver();

  // The place that a plan names the program by.
  uint32_t add(int program_fd);
  // The place of a program that does nothing but `return XDP_PASS`.
  uint32_t pass() const { return pass_; }

  // Where the real server sends the packets of full NAT's flows, by their numbers.
  void set_local_ends(std::span<const bench_end> ends);

  struct Run {
    double ns = 0;  // CPU time of one packet, driver included.
    bench_proof proof{};
    std::vector<uint8_t> frame;  // The last one, as the program left it.
  };
  Run run(const bench_plan& plan, uint32_t packets);

 private:
  struct Destroy {
    void operator()(driver_bpf* skeleton) const;
  };
  std::unique_ptr<driver_bpf, Destroy> skeleton_;
  uint32_t used_ = 0;
  uint32_t pass_ = 0;
};

// This thread stays on that CPU: per-CPU maps and caches are one CPU's.
void pin_to_cpu(unsigned cpu);

}  // namespace pinion::bench
