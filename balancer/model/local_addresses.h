// SPDX-License-Identifier: Apache-2.0
// The numbers of the addresses that full NAT sends from.
#pragma once

#include <span>

#include "balancer/base/error.h"
#include "balancer/bpf/abi/abi.h"
#include "config/config.h"

namespace pinion {

// What the map holds for these, after it held `present`. An address keeps its number when it
// leaves, for the connections that have it, and gets it again when it comes back. Fails where all
// numbers have been given.
Result<pinion_local_addresses> renumber(const pinion_local_addresses& present,
                                        std::span<const config::LocalAddress> wanted);

}  // namespace pinion
