// SPDX-License-Identifier: Apache-2.0
// The object that a newer Clang makes of the data plane loads and forwards, too.
#include <linux/bpf.h>

#include <filesystem>
#include <system_error>

#include "tests/packet/director.h"

namespace pinion::packet {
namespace {

class Clang19 : public testing::TestWithParam<bool> {};

TEST_P(Clang19, MakesAnObjectThatForwards) {
  if (!std::filesystem::exists(kClang19Object)) GTEST_SKIP() << "clang-19 is not installed";
  Features features;
  features.code.vlans = GetParam();
  std::unique_ptr<Director> director;
  try {
    director = std::make_unique<Director>(features, kClang19Object);
  } catch (const std::system_error& error) {
    if (error.code().value() == EPERM) GTEST_SKIP() << "CAP_BPF is missing: " << error.what();
    throw;
  }
  director->reset();
  director->add_server(1, {});
  director->add_entrance({}, {kLoopback, kLoopback});
  for (const char* address : {"10.0.0.1", "2001:db8::1"})
    director->add_service({.address = address, .slots = {1}});
  Packet packets[] = {{}, {.from = "2001:db8:1::9", .to = "2001:db8::1"}};
  for (Packet& packet : packets)
    for (const uint8_t flags : {kSyn, kAck, uint8_t{kFin | kAck}}) {
      packet.flags = flags;
      const Bytes in = build(packet);
      const Ran ran = director->run(in);
      EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_TX));
      EXPECT_EQ(hex(ran.out), hex(towards(1, in)));
    }
  EXPECT_EQ(director->verdict(PINION_FORWARD_NEW), 2u);
  EXPECT_EQ(director->verdict(PINION_FORWARD_KNOWN), 4u);
}

INSTANTIATE_TEST_SUITE_P(Vlans, Clang19, testing::Bool(), [](const auto& with) {
  return std::string(with.param ? "With" : "Without");
});

}  // namespace
}  // namespace pinion::packet
