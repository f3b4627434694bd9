// SPDX-License-Identifier: Apache-2.0
// Packets that tests with parameters are run with, and named after.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "tests/packet/packets.h"

namespace pinion::packet {

struct NamedPacket {
  const char* name;
  Packet packet;
  friend void PrintTo(const NamedPacket& one, std::ostream* out) { *out << one.name; }
};

inline std::string test_name(const testing::TestParamInfo<NamedPacket>& at) {
  return at.param.name;
}

}  // namespace pinion::packet
