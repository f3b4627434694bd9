// SPDX-License-Identifier: Apache-2.0
// A director with VLANs: 100 and 200, the service VLAN 100, and VLANs 20 and 21 inside of the
// service VLAN 10, all on the device that packets come in by.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "tests/packet/director.h"

namespace pinion::packet {

// By their ifindex.
inline constexpr uint32_t kVlan100 = 1100, kVlan200 = 1200, kServiceVlan100 = 1101;
inline constexpr uint32_t kVlan10And20 = 1020, kVlan10And21 = 1021;
inline constexpr uint32_t kInterfaces[] = {kLoopback,       kVlan100,     kVlan200,
                                           kServiceVlan100, kVlan10And20, kVlan10And21};

inline Director::Tags tags_of(uint32_t interface) {
  switch (interface) {
    case kVlan100:
      return {{0x8100, 100}};
    case kVlan200:
      return {{0x8100, 200}};
    case kServiceVlan100:
      return {{0x88a8, 100}};
    case kVlan10And20:
      return {{0x88a8, 10}, {0x8100, 20}};
    case kVlan10And21:
      return {{0x88a8, 10}, {0x8100, 21}};
    default:
      return {};
  }
}

// As it is seen on that interface.
inline Packet on(uint32_t interface, Packet packet) {
  packet.tags.clear();
  packet.vlans.clear();
  for (const auto& [protocol, vlan] : tags_of(interface)) {
    packet.tags.push_back(protocol);
    packet.vlans.push_back(vlan);
  }
  return packet;
}

// Any fixture of the other tests, with a program that knows VLANs.
template <typename Base>
class WithVlans : public Base {
 public:
  static void SetUpTestSuite() {
    Base::SetUpTestSuite();
    plain() = Base::exchange(nullptr);
    if (!plain()) return;
    Features features;
    features.code.vlans = true;
    Base::exchange(std::make_unique<Director>(features));
  }
  static void TearDownTestSuite() { Base::exchange(std::move(plain())); }

 protected:
  void SetUp() override {
    Base::SetUp();
    if (Base::IsSkipped()) return;
    for (const uint32_t interface : kInterfaces) {
      Base::director().add_entrance(tags_of(interface), {interface, kLoopback});
      if (interface != kLoopback)
        Base::director().add_vlan_device(interface, kLoopback, tags_of(interface));
    }
  }

 private:
  static std::unique_ptr<Director>& plain() {
    static std::unique_ptr<Director> director;
    return director;
  }
};

}  // namespace pinion::packet
