// SPDX-License-Identifier: Apache-2.0
// The values of the program's constants (bpf/constants.h), and the file by which libbpf gets them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "balancer/base/error.h"
#include "balancer/base/fd.h"
#include "balancer/bpf/abi/constants.h"
#include "balancer/model/features.h"

namespace pinion {

class Constants {
 public:
  uint64_t operator[](pinion_constant name) const { return values_[name]; }
  uint64_t& operator[](pinion_constant name) { return values_[name]; }

  // All those that are features.
  void choose(const Features& features);
  // pinion_settings.seed.
  void seed(std::span<const __u64, 11> coefficients);
  void read_seed(std::span<__u64, 11> coefficients) const;

  // A BTF that has the values, in memory of the kernel's: REQUIRES that it stays open until the
  // object is loaded which was opened with its path as bpf_object_open_opts.btf_custom_path.
  Result<Fd> file() const;

 private:
  std::array<uint64_t, PINION_CONSTANT_COUNT> values_{};
};

// Of an open file.
std::string path_of(const Fd& file);

}  // namespace pinion
