// SPDX-License-Identifier: Apache-2.0
#include "balancer/interfaces/attach_point.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>

#include <map>
#include <tuple>

namespace pinion {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr VlanTag k100{0x8100, 100}, k200{0x8100, 200}, kOuter{0x88a8, 10};

Link link(uint32_t index, const std::string& name, const std::string& kind = "") {
  return {.index = index, .name = name, .up = true, .kind = kind};
}

Link vlan(uint32_t index, const std::string& name, uint32_t lower, VlanTag tag) {
  Link made = link(index, name, "vlan");
  made.lower = lower;
  made.tag = tag;
  return made;
}

Link port(uint32_t index, const std::string& name, uint32_t master) {
  Link made = link(index, name);
  made.master = master;
  return made;
}

const std::vector<Link> kLinks = {
    link(2, "eth0"),
    vlan(10, "eth0.100", 2, k100),
    vlan(11, "eth0.200", 2, k200),
    vlan(12, "eth0.10", 2, kOuter),
    vlan(13, "eth0.10.100", 12, k100),
    vlan(14, "eth0.10.100.200", 13, k200),
    vlan(15, "elsewhere", 0, k100),
    link(3, "bond0", "bond"),
    port(5, "eth2", 3),
    port(4, "eth1", 3),
    vlan(20, "bond0.100", 3, k100),
    vlan(21, "eth1.100", 4, k100),
    link(6, "eth3"),
    link(7, "br0", "bridge"),
    port(8, "eth4", 7),
};

Result<AttachPoint> attach_point_of(const std::string& name) {
  return pinion::attach_point_of(kLinks, *find_link(kLinks, name));
}

std::string why_not(const std::string& name) {
  const auto point = attach_point_of(name);
  return point ? "" : point.error().message();
}

// "ifindex:protocol.vlan:protocol.vlan" -> "interface/device"
std::map<std::string, std::string> entrances(const Vlans& vlans) {
  std::map<std::string, std::string> found;
  for (const auto& [key, value] : vlans.entrances) {
    std::string text = std::to_string(key.ifindex);
    for (const pinion_tag& tag : key.tags)
      if (tag.protocol)
        text += tag.protocol == PINION_ANY_TAGS ? ":any" : ":" + std::to_string(ntohs(tag.vlan));
    const auto to = std::to_string(value.ifindex) + "/" + std::to_string(value.device);
    EXPECT_TRUE(found.try_emplace(text, to).second || found[text] == to) << text;
  }
  return found;
}

Vlans vlans_of(const std::vector<std::string>& names, const std::set<uint32_t>& egress = {}) {
  std::vector<AttachPoint> points;
  for (const std::string& name : names) points.push_back(*attach_point_of(name));
  return pinion::vlans_of(kLinks, points, egress);
}

TEST(AttachPoint, AnInterfaceIsItsOwnDevice) {
  for (const char* name : {"eth0", "br0", "eth4"}) {
    const uint32_t index = find_link(kLinks, name)->index;
    EXPECT_EQ(*attach_point_of(name), (AttachPoint{index, index, name, {}}));
  }
}

TEST(AttachPoint, AVlanDevicesIsTheOneBelow) {
  EXPECT_EQ(*attach_point_of("eth0.100"), (AttachPoint{10, 2, "eth0", {k100}}));
  EXPECT_EQ(*attach_point_of("eth0.10.100"), (AttachPoint{13, 2, "eth0", {kOuter, k100}}));
  EXPECT_EQ(*attach_point_of("bond0.100"),
            (AttachPoint{20, 3, "bond0", {k100}, true, {{"eth1", 4}, {"eth2", 5}}}));
}

TEST(AttachPoint, RefusalsNameTheRemedy) {
  EXPECT_THAT(why_not("eth1"), HasSubstr("eth1 is a port of the bond bond0"));
  EXPECT_THAT(why_not("eth1"), HasSubstr("name bond0 in place of eth1"));
  EXPECT_THAT(why_not("eth1.100"),
              HasSubstr("name bond0, or a VLAN device on it in place of eth1.100"));
  EXPECT_THAT(why_not("eth0.10.100.200"), HasSubstr("has 3 VLAN tags"));
  EXPECT_THAT(why_not("elsewhere"), HasSubstr("another network namespace"));
}

// A VLAN device that has itself below it cannot be; whoever says so must not hang us.
TEST(AttachPoint, OfLinksThatChangedWhileTheyWereRead) {
  const std::vector<Link> half = {vlan(10, "eth0.100", 2, k100)};
  EXPECT_FALSE(pinion::attach_point_of(half, half[0]));
  const std::vector<Link> ring = {vlan(1, "a", 2, k100), vlan(2, "b", 1, k200)};
  EXPECT_FALSE(pinion::attach_point_of(ring, ring[0]));
  EXPECT_THAT(pinion::vlans_of(ring, {}, {}).devices, IsEmpty());
}

TEST(AttachPoint, OnlyABondHasPorts) {
  EXPECT_EQ(*attach_point_of("bond0"),
            (AttachPoint{3, 3, "bond0", {}, true, {{"eth1", 4}, {"eth2", 5}}}));
  EXPECT_THAT(attach_point_of("br0")->ports, IsEmpty()) << "a bridge's are its own";
}

using Map = std::map<std::string, std::string>;

TEST(Entrances, OfAVlanAreItsFrames) {
  const Vlans vlans = vlans_of({"eth0.100", "eth0.10.100"});
  EXPECT_TRUE(vlans.used);
  EXPECT_EQ(entrances(vlans), (Map{{"2:100", "10/2"}, {"2:10:100", "13/2"}}));
}

TEST(Entrances, OfADeviceAreAllFrames) {
  const Vlans vlans = vlans_of({"eth0"});
  EXPECT_TRUE(vlans.used);
  EXPECT_EQ(entrances(vlans), (Map{{"2", "2/2"},
                                   {"2:any", "0/2"},
                                   {"2:100", "10/2"},
                                   {"2:200", "11/2"},
                                   {"2:10", "12/2"},
                                   {"2:10:100", "13/2"}}));
  EXPECT_EQ(entrances(vlans_of({"eth0", "eth0.100"})), entrances(vlans));
}

TEST(Entrances, OfABondAreAtItsPorts) {
  const Vlans vlans = vlans_of({"bond0.100"});
  EXPECT_EQ(entrances(vlans), (Map{{"3:100", "20/3"}, {"4:100", "20/3"}, {"5:100", "20/3"}}));
  EXPECT_EQ(entrances(vlans_of({"bond0"})).at("5"), "3/3");
}

TEST(Entrances, AreNotUsedWithoutVlans) {
  EXPECT_FALSE(vlans_of({"eth3"}).used);
  EXPECT_TRUE(vlans_of({"eth3"}, {11}).used) << "a real server is reached by one";
  EXPECT_FALSE(vlans_of({"eth3"}, {2}).used);
  EXPECT_TRUE(
      pinion::vlans_of({link(3, "bond0", "bond")}, {{3, 3, "bond0", {}, true, {}}}, {}).used);
}

TEST(VlanDevices, AreAllThatWeFollow) {
  std::map<uint32_t, std::tuple<uint32_t, int, int>> found;
  for (const auto& [ifindex, vlan] : vlans_of({"eth3"}).devices)
    found[ifindex] = {vlan.device, ntohs(vlan.tags[0].vlan), ntohs(vlan.tags[1].vlan)};
  EXPECT_EQ(found, (std::map<uint32_t, std::tuple<uint32_t, int, int>>{{10, {2, 100, 0}},
                                                                       {11, {2, 200, 0}},
                                                                       {12, {2, 10, 0}},
                                                                       {13, {2, 10, 100}},
                                                                       {20, {3, 100, 0}},
                                                                       {21, {4, 100, 0}}}));
}

TEST(Tags, AreAskedForWhereTheyMatter) {
  EXPECT_TRUE(check_tags_stay("x.100", {.device_name = "no-such-device"}));
  EXPECT_FALSE(check_tags_stay("x.100", {.device_name = "no-such-device", .tags = {k100}}));
  EXPECT_TRUE(check_tags_stay("lo.100", {.device_name = "lo", .tags = {k100}})) << "it has none";
  // The bond itself has no hardware.
  EXPECT_TRUE(check_tags_stay(
      "x.100",
      {.device_name = "no-such-device", .tags = {k100}, .is_bond = true, .ports = {{"lo", 1}}}));
}

}  // namespace
}  // namespace pinion
