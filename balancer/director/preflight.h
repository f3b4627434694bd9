// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "balancer/base/error.h"

namespace pinion {

// Can this process be a director on this kernel? If not, the error names every missing capability,
// or the oldest kernel that will do.
Result<> preflight();

// The two checks behind it: `release` as uname(2) has it, `effective` a capability mask (bit n is
// capability n).
Result<> check_kernel(const std::string& release);
Result<> check_capabilities(uint64_t effective);

}  // namespace pinion
