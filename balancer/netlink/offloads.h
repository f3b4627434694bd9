// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "balancer/base/error.h"

namespace pinion {

// Does the interface take the VLAN tags off frames that it receives (rx-vlan-offload)? The kernel
// then knows the tag, and XDP does not see it.
Result<bool> strips_vlan_tags(const std::string& interface);

}  // namespace pinion
