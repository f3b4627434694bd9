// SPDX-License-Identifier: Apache-2.0
#include "balancer/model/indices.h"

namespace pinion {

std::optional<uint32_t> Indices::allocate() {
  while (fresh_ < size() && used_[fresh_]) ++fresh_;
  uint32_t index = fresh_;
  if (fresh_ < size()) {
    ++fresh_;
  } else if (!released_.empty()) {
    index = released_.front();
    released_.pop_front();
  } else {
    return {};
  }
  used_[index] = true;
  ++generations_[index];
  return index;
}

void Indices::release(uint32_t index) {
  used_[index] = false;
  // A reserved index that the fresh ones have not come to yet is not handed out twice.
  if (index < fresh_) released_.push_back(index);
}

bool Indices::reserve(uint32_t index) {
  if (index == 0 || index >= size() || used_[index]) return false;
  used_[index] = true;
  return true;
}

}  // namespace pinion
