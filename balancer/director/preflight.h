// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "balancer/base/error.h"

namespace pinion {

// Can this process, on this kernel, be a director? Names every capability that is missing, and the
// kernel that would do.
Result<> preflight();

// The two questions, of given answers: `release` is that of uname(2), `effective` a capability mask
// (bit n is capability n).
Result<> check_kernel(const std::string& release);
Result<> check_capabilities(uint64_t effective);

}  // namespace pinion
