// SPDX-License-Identifier: Apache-2.0
// Frames of every kind, to be mixed and mutated.
#pragma once

#include <vector>

#include "tests/packet/packets.h"

namespace pinion::packet {

std::vector<Bytes> corpus();

}  // namespace pinion::packet
