// SPDX-License-Identifier: Apache-2.0
// Hands out the indices of an array, with a generation that tells two users of one index apart.
// Index 0 is never handed out: a zeroed reference means none.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace pinion {

class Indices {
 public:
  // For an array of `size` entries: at most size - 1 indices are in use at a time.
  explicit Indices(uint32_t size) : used_(size), generations_(size) {}

  // One that was never used; if there is none, the one that was released first. Its generation is
  // the next. Nothing where all are in use.
  std::optional<uint32_t> allocate();
  void release(uint32_t index);

  // Marks an index as used. False where it cannot be: it is 0, beyond the array, or used already.
  // Only before the first release().
  bool reserve(uint32_t index);

  // Of the last use; 0 where it was never used. It wraps after 255.
  uint8_t generation(uint32_t index) const { return generations_[index]; }
  void set_generation(uint32_t index, uint8_t generation) { generations_[index] = generation; }

  uint32_t size() const { return static_cast<uint32_t>(used_.size()); }

 private:
  std::vector<bool> used_;
  std::vector<uint8_t> generations_;
  uint32_t fresh_ = 1;  // Above here none was handed out; reserve() may have taken some.
  std::deque<uint32_t> released_;
};

}  // namespace pinion
