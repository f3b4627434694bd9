// SPDX-License-Identifier: Apache-2.0
#include "balancer/model/ranges.h"

#include <algorithm>
#include <utility>

namespace pinion {

Ranges::Ranges(uint32_t size) : size_(size) {
  if (size > 0) free_.push_back({0, size});
}

std::optional<uint32_t> Ranges::allocate(uint32_t count) {
  const auto fit = std::find_if(free_.begin(), free_.end(),
                                [&](const Range& range) { return range.count >= count; });
  if (fit == free_.end()) return {};
  const uint32_t base = fit->base;
  fit->base += count;
  fit->count -= count;
  if (fit->count == 0) free_.erase(fit);
  return base;
}

bool Ranges::reserve(uint32_t base, uint32_t count) {
  if (base > size_ || count > size_ - base) return false;
  const auto around = std::find_if(free_.begin(), free_.end(), [&](const Range& range) {
    return range.base <= base && base + count <= range.end();
  });
  if (around == free_.end()) return false;
  const Range before{around->base, base - around->base};
  const Range after{base + count, around->end() - (base + count)};
  auto position = free_.erase(around);
  if (after.count > 0) position = free_.insert(position, after);
  if (before.count > 0) free_.insert(position, before);
  return true;
}

void Ranges::retire(uint32_t base, uint32_t count) {
  if (count > 0) retired_now_.push_back({base, count});
}

void Ranges::turn() {
  for (const Range& range : retired_before_) free(range);
  retired_before_ = std::exchange(retired_last_, std::exchange(retired_now_, {}));
}

uint32_t Ranges::longest_free() const {
  uint32_t longest = 0;
  for (const Range& range : free_) longest = std::max(longest, range.count);
  return longest;
}

void Ranges::free(Range range) {
  auto after = std::find_if(free_.begin(), free_.end(),
                            [&](const Range& other) { return other.base > range.base; });
  if (after != free_.end() && range.end() == after->base) {
    range.count += after->count;
    after = free_.erase(after);
  }
  if (after != free_.begin() && std::prev(after)->end() == range.base) {
    std::prev(after)->count += range.count;
  } else {
    free_.insert(after, range);
  }
}

}  // namespace pinion
