// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bpf/libbpf.h>
#include <sys/mman.h>

#include <cstddef>
#include <string>

#include "balancer/base/error.h"

namespace pinion::bench {

// The memory of a mmapable array map, in which each value begins on a multiple of 8 bytes.
template <typename T>
class Mapped {
 public:
  explicit Mapped(const bpf_map* map)
      : stride_((sizeof(T) + 7) / 8 * 8), count_(bpf_map__max_entries(map)) {
    memory_ =
        ::mmap(nullptr, count_ * stride_, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
    if (memory_ == MAP_FAILED)
      or_throw(Result<>(errno_error(std::string("map the memory of ") + bpf_map__name(map))));
  }
  ~Mapped() { ::munmap(memory_, count_ * stride_); }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;

  T& operator[](size_t index) {
    return *reinterpret_cast<T*>(static_cast<char*>(memory_) + index * stride_);
  }
  size_t size() const { return count_; }

 private:
  size_t stride_;
  size_t count_;
  void* memory_ = nullptr;
};

}  // namespace pinion::bench
