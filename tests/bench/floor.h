// SPDX-License-Identifier: Apache-2.0
// bpf/floors.bpf.c with its maps filled: what any program pays for one look at as many flows.
#pragma once

#include <cstdint>
#include <memory>

struct floors_bpf;

namespace pinion::bench {

class Floor {
 public:
  explicit Floor(uint32_t flows);  // The first ones that a plan picks.
  ~Floor();

  int program_a() const;  // Descriptors.
  int program_b() const;

 private:
  struct Destroy {
    void operator()(floors_bpf* skeleton) const;
  };
  void fill(uint32_t flows);

  std::unique_ptr<floors_bpf, Destroy> skeleton_;
};

}  // namespace pinion::bench
