// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <type_traits>

#include "balancer/bpf/abi.h"

namespace pinion {

// An order of service keys, for the containers of the standard library.
struct KeyOrder {
  static_assert(std::has_unique_object_representations_v<pinion_service_key>);
  bool operator()(const pinion_service_key& a, const pinion_service_key& b) const {
    return std::memcmp(&a, &b, sizeof(a)) < 0;
  }
};

}  // namespace pinion
