// SPDX-License-Identifier: Apache-2.0
// The map `load` from the daemon's side: how many connections refer to each real server.
//
// An upgrade that makes the map anew has two of it for a moment. Programs of before count in the
// former one for as long as they are on an interface, the new program counts in the new one, which
// began at 0, and only the sum of both is right. When nobody runs the old program any more, join()
// adds the former counts. Whoever is killed amid that loses no count and adds none twice: each
// entry tells itself whether the former counts are in it. Where they are not, `inactive` is kApart
// too high, and both change in one step.
#pragma once

#include <cstdint>

#include "balancer/base/error.h"
#include "balancer/bpf/abi/abi.h"
#include "balancer/dataplane/map.h"
#include "balancer/dataplane/program.h"

namespace pinion {

class Load {
 public:
  // Version 1 of the layout.
  struct Former {
    uint32_t active;
    uint32_t inactive;
  };
  static_assert(sizeof(Former) == 8);

  // `next`, a new map, begins apart from the former one.
  static Result<> begin_apart(int next, uint32_t entries);

  static Result<Load> open(const Program& program, uint32_t entries);

  // Of both maps, where there are two.
  pinion_load at(uint32_t index) const;
  bool is_apart() const { return former_.size() != 0; }
  // REQUIRES: no CPU runs a program that counts in the former map, nor will.
  void join();

 private:
  MappedArray<pinion_load> entries_;
  MappedArray<Former> former_;
};

}  // namespace pinion
