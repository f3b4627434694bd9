// SPDX-License-Identifier: Apache-2.0
// What of a data plane in place goes into the maps that an upgrade makes anew.
#pragma once

#include <cstdint>
#include <string>

#include "balancer/base/error.h"

namespace pinion {

// A map in an older version of its family's layout that this build can read.
struct FormerLayout {
  const char* map;
  uint32_t version;
  uint32_t value_size;  // Bytes that it had then. Nothing else was different.
};

// nullptr: this build does not know that version of the map.
const FormerLayout* find_former(const std::string& map, uint32_t version);

// A map that was made anew. The descriptors are the caller's.
struct NewMap {
  int fd;
  uint32_t entries;
  int former;            // The one in place; -1 where it cannot be read.
  uint32_t tick_offset;  // That of the tables.
};

// Fills it in, where it does not begin with zeros.
Result<> begin_anew(const std::string& name, const NewMap& map);

}  // namespace pinion
