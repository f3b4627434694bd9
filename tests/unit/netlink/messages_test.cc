// SPDX-License-Identifier: Apache-2.0
// The parsers on bytes: whole messages, and every shorter one.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>

#include <memory>

#include "balancer/netlink/addresses.h"
#include "balancer/netlink/links.h"
#include "balancer/netlink/monitor.h"
#include "balancer/netlink/routes.h"

namespace pinion {
namespace {

const Mac kMac = *Mac::parse("02:00:00:00:00:a0");
const Address kVip = *Address::parse("192.168.88.88");

Message link_message() {
  ifinfomsg header{};
  header.ifi_index = 7;
  header.ifi_type = ARPHRD_ETHER;
  header.ifi_flags = IFF_UP | IFF_LOWER_UP;
  Message message = Message::with(RTM_NEWLINK, 0, header);
  message.put_text(IFLA_IFNAME, "eth0");
  message.put_u32(IFLA_MTU, 9000);
  message.put_u32(IFLA_LINK, 4);
  message.put_u32(IFLA_MASTER, 3);
  message.put(IFLA_ADDRESS, kMac);
  nlattr* info = mnl_attr_nest_start(message.header(), IFLA_LINKINFO);
  message.put_text(IFLA_INFO_KIND, "vlan");
  nlattr* data = mnl_attr_nest_start(message.header(), IFLA_INFO_DATA);
  const uint16_t vlan = 100, protocol = htons(0x88a8);
  message.put(IFLA_VLAN_ID, &vlan, sizeof(vlan));
  message.put(IFLA_VLAN_PROTOCOL, &protocol, sizeof(protocol));
  mnl_attr_nest_end(message.header(), data);
  mnl_attr_nest_end(message.header(), info);
  return message;
}

Message link_of_kind(const std::string& kind) {
  ifinfomsg header{};
  header.ifi_index = 7;
  Message message = Message::with(RTM_NEWLINK, 0, header);
  message.put_text(IFLA_IFNAME, "eth0");
  message.put_u32(IFLA_LINK, 4);
  nlattr* info = mnl_attr_nest_start(message.header(), IFLA_LINKINFO);
  nlattr* data = mnl_attr_nest_start(message.header(), IFLA_INFO_DATA);
  const uint16_t vlan = 100;
  message.put(IFLA_VLAN_ID, &vlan, sizeof(vlan));
  mnl_attr_nest_end(message.header(), data);
  message.put_text(IFLA_INFO_KIND, kind);
  mnl_attr_nest_end(message.header(), info);
  return message;
}

Message address_message() {
  ifaddrmsg header{};
  header.ifa_family = AF_INET;
  header.ifa_prefixlen = 32;
  header.ifa_index = 7;
  Message message = Message::with(RTM_NEWADDR, 0, header);
  message.put(IFA_ADDRESS, *Address::parse("10.1.1.1"));
  message.put(IFA_LOCAL, kVip);
  message.put_text(IFA_LABEL, "eth0:3");
  message.put_u32(IFA_FLAGS, IFA_F_PERMANENT);
  message.put_u8(IFA_PROTO, kDefaultMark);
  return message;
}

Message route_message(uint8_t protocol, uint8_t type = RTN_UNICAST) {
  rtmsg header{};
  header.rtm_family = AF_INET;
  header.rtm_dst_len = 32;
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = protocol;
  header.rtm_type = type;
  Message message = Message::with(RTM_NEWROUTE, 0, header);
  message.put(RTA_DST, kVip);
  message.put(RTA_GATEWAY, *Address::parse("10.0.0.2"));
  message.put_u32(RTA_OIF, 7);
  message.put_u32(RTA_PRIORITY, 5);
  return message;
}

Message neighbour_message(uint16_t type, uint8_t flags = 0) {
  ndmsg header{};
  header.ndm_family = AF_INET;
  header.ndm_ifindex = 7;
  header.ndm_state = NUD_STALE;
  header.ndm_flags = flags;
  Message message = Message::with(type, 0, header);
  message.put(NDA_DST, kVip);
  message.put(NDA_LLADDR, kMac);
  return message;
}

TEST(Messages, Link) {
  Message message = link_message();
  EXPECT_EQ(parse_link(*message.header()),
            (Link{7, "eth0", kMac, 9000, true, true, 3, "vlan", 4, {0x88a8, 100}}));
}

// IFLA_LINK and the data mean something else with every kind.
TEST(Messages, OnlyAVlanDeviceHasOneBelowItAndATag) {
  const auto vlan = parse_link(*link_of_kind("vlan").header());
  EXPECT_TRUE(vlan->is_vlan() && !vlan->is_bond());
  EXPECT_EQ(vlan->lower, 4u);
  EXPECT_EQ(vlan->tag.vlan, 100);
  for (const char* kind : {"veth", "bond", "macvlan", ""}) {
    const auto link = parse_link(*link_of_kind(kind).header());
    EXPECT_EQ(link->kind, kind);
    EXPECT_EQ(link->lower, 0u) << kind;
    EXPECT_EQ(link->tag, VlanTag{}) << kind;
  }
}

TEST(Messages, WhatIsBelowInAnotherNamespaceIsNobodyHere) {
  Message message = link_of_kind("vlan");
  message.put_u32(IFLA_LINK_NETNSID, 0);
  EXPECT_EQ(parse_link(*message.header())->lower, 0u);
}

TEST(Messages, Address) {
  Message message = address_message();
  const auto address = parse_address(*message.header());
  ASSERT_TRUE(address);
  EXPECT_EQ(*address, (InterfaceAddress{7, {kVip, 32}, "eth0:3", 0x50, IFA_F_PERMANENT}));
  EXPECT_TRUE(address->is_vip());
}

TEST(Messages, OnlyOurRoutes) {
  const Route expected{{kVip, 32}, Address::parse("10.0.0.2"), 7, 5};
  EXPECT_EQ(parse_host_route(*route_message(kDefaultMark).header()), expected);
  EXPECT_FALSE(parse_host_route(*route_message(RTPROT_STATIC).header()));
  EXPECT_EQ(parse_host_route(*route_message(mark_of("two")).header())->mark, mark_of("two"));
}

// Marks are in the kernel's tables, for the next version to find.
TEST(Messages, AMarkIsItsInstances) {
  EXPECT_EQ(mark_of("default"), 80);
  EXPECT_EQ(mark_of("two"), 113);
  for (int i = 0; i < 1000; ++i) {
    const uint8_t mark = mark_of("instance-" + std::to_string(i));
    EXPECT_TRUE(is_mark(mark) && mark != kDefaultMark);
  }
  for (const int taken : {RTPROT_STATIC, RTPROT_BIRD, RTPROT_BABEL, RTPROT_OPENR, RTPROT_BGP})
    EXPECT_FALSE(is_mark(static_cast<uint8_t>(taken)));
}

TEST(Messages, APathIsUnicastOrLocal) {
  const auto path = parse_path(*route_message(RTPROT_STATIC).header());
  EXPECT_EQ(path, (Path{7, Address::parse("10.0.0.2"), {}, false}));
  EXPECT_TRUE(parse_path(*route_message(0, RTN_LOCAL).header())->local);
  EXPECT_FALSE(parse_path(*route_message(0, RTN_BLACKHOLE).header()));
}

TEST(Messages, TheDefaultMetricOfIpv6IsOneThousandTwentyFour) {
  const Prefix to6 = *Prefix::parse("fd01::1/128");
  EXPECT_EQ((Route{to6, {}, 1, 0}), (Route{to6, {}, 1, 1024}));
  EXPECT_FALSE((Route{{kVip, 32}, {}, 1, 0} == Route{{kVip, 32}, {}, 1, 1024}));
}

TEST(Messages, Neighbour) {
  const auto neighbour = parse_neighbour(*neighbour_message(RTM_NEWNEIGH).header());
  EXPECT_EQ(neighbour, (Neighbour{7, kVip, kMac, NUD_STALE}));
  EXPECT_TRUE(neighbour->valid());
  EXPECT_FALSE(neighbour->fixed());
  EXPECT_FALSE(parse_neighbour(*neighbour_message(RTM_NEWNEIGH, NTF_PROXY).header()));
}

TEST(Messages, ReportsAddUp) {
  Changes changes;
  const auto report = [&](Message message) {
    read_changes({reinterpret_cast<const char*>(message.header()), message.header()->nlmsg_len},
                 changes);
  };
  report(address_message());
  EXPECT_TRUE(changes.addresses && !changes.links && !changes.routes);
  report(link_message());
  EXPECT_TRUE(changes.links && changes.routes) << "routes leave with links, unreported";
  EXPECT_TRUE(changes.down.empty());
  Message down = link_message();
  static_cast<ifinfomsg*>(mnl_nlmsg_get_payload(down.header()))->ifi_flags = IFF_UP;
  report(down);
  EXPECT_EQ(changes.down, std::set<uint32_t>{7});
  Message gone = route_message(kDefaultMark);
  gone.header()->nlmsg_type = RTM_DELROUTE;
  report(route_message(kDefaultMark));
  EXPECT_FALSE(changes.host_routes);
  report(gone);
  EXPECT_TRUE(changes.host_routes);
  report(neighbour_message(RTM_DELNEIGH));
  EXPECT_EQ(changes.neighbours, std::vector<NeighbourChange>({{{7, kVip, kMac, NUD_STALE}, true}}));
}

// mnl_nlmsg_ok() lets such a length pass, and mnl_nlmsg_next() then never comes to an end.
TEST(Messages, ALengthBeyondTheDatagramEndsIt) {
  Message message = link_message();
  const size_t size = message.header()->nlmsg_len;
  for (const uint32_t length : {0u, 15u, 1000u, 0x80000000u, 0xfffffff0u}) {
    message.header()->nlmsg_len = length;
    Changes changes;
    read_changes({reinterpret_cast<const char*>(message.header()), size}, changes);
    EXPECT_FALSE(changes.links) << length;
  }
}

// Each in memory of exactly that size, so that AddressSanitizer sees what reads beyond.
TEST(Messages, EveryMessageMayBeCutAnywhere) {
  for (Message whole : {link_message(), address_message(), route_message(kDefaultMark),
                        neighbour_message(RTM_NEWNEIGH)}) {
    for (uint32_t size = NLMSG_HDRLEN; size < whole.header()->nlmsg_len; size += 4) {
      auto bytes = std::make_unique<uint32_t[]>(size / 4);
      std::memcpy(bytes.get(), whole.header(), size);
      auto* cut = reinterpret_cast<nlmsghdr*>(bytes.get());
      cut->nlmsg_len = size;
      const auto link = parse_link(*cut);
      if (link) {
        EXPECT_EQ(link->name, "eth0");
        EXPECT_TRUE(link->tag.vlan == 0 || link->tag.vlan == 100);
      }
      const auto address = parse_address(*cut);
      if (address) {
        EXPECT_FALSE(address->prefix.address.is_unspecified());
      }
      const auto path = parse_path(*cut);
      if (path) {
        EXPECT_EQ(path->ifindex, 7u);
      }
      const auto neighbour = parse_neighbour(*cut);
      if (neighbour) {
        EXPECT_EQ(neighbour->address, kVip);
      }
    }
  }
}

}  // namespace
}  // namespace pinion
