// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "balancer/bpf/abi/abi.h"

namespace pinion {

// What the data plane must know of VLAN devices and bonds; abi.h tells what it is.
struct Vlans {
  std::vector<std::pair<pinion_entrance_key, pinion_entrance>> entrances;
  std::vector<std::pair<uint32_t, pinion_vlan_device>> devices;  // By their ifindex.
  bool used = false;  // If not, the program need not look at any of it.
};

}  // namespace pinion
