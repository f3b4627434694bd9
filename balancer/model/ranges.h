// SPDX-License-Identifier: Apache-2.0
// Who has which part of the array `slots`. First fit; neighbouring free ranges are one.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace pinion {

class Ranges {
 public:
  explicit Ranges(uint32_t size);

  // Nothing where no free range is long enough. `count` is above 0.
  std::optional<uint32_t> allocate(uint32_t count);
  // Takes this very range; false where part of it is taken, or outside of the array.
  bool reserve(uint32_t base, uint32_t count);

  // The range is replaced by the Change that is being made. A packet may still be reading it, so it
  // is free only after two more Changes. turn() is called at the end of each Change.
  void retire(uint32_t base, uint32_t count);
  void turn();

  uint32_t longest_free() const;
  uint32_t size() const { return size_; }

 private:
  struct Range {
    uint32_t base = 0;
    uint32_t count = 0;
    uint32_t end() const { return base + count; }
  };

  void free(Range range);

  uint32_t size_;
  std::vector<Range> free_;  // By base; no two touch.
  std::vector<Range> retired_now_, retired_last_, retired_before_;
};

}  // namespace pinion
