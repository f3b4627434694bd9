// SPDX-License-Identifier: Apache-2.0
// What is asked of the kernel is what the kernel then has.
#include <linux/if_addr.h>
#include <linux/neighbour.h>

#include <algorithm>

#include "balancer/netlink/addresses.h"
#include "balancer/netlink/neighbours.h"
#include "balancer/netlink/routes.h"
#include "tests/unit/netlink/namespaces.h"

namespace pinion {
namespace {

const Address kVip4 = *Address::parse("192.168.88.88");
const Address kVip6 = *Address::parse("fd88::88");
const Address kPeer = *Address::parse("10.0.0.2");

class KernelTest : public Namespaces {
 protected:
  void SetUp() override {
    Namespaces::SetUp();
    if (IsSkipped()) return;
    socket_ = or_throw(NetlinkSocket::open());
    link_ = *find_link(or_throw(list_links(*socket_)), "d0");
  }

  std::vector<InterfaceAddress> own_addresses() {
    auto addresses = or_throw(list_addresses(*socket_));
    std::erase_if(addresses,
                  [](const InterfaceAddress& address) { return address.protocol != kDefaultMark; });
    return addresses;
  }

  std::optional<NetlinkSocket> socket_;
  Link link_;
};

int number_of(const Result<>& result) { return result ? 0 : result.error().code.value(); }

TEST_F(KernelTest, Links) {
  EXPECT_EQ(link_.mac, *Mac::parse("02:00:00:00:00:d0"));
  EXPECT_EQ(link_.kind, "veth");
  EXPECT_EQ(link_.mtu, 1500u);
  EXPECT_TRUE(link_.up && link_.arp);
  const auto links = or_throw(list_links(*socket_));
  EXPECT_FALSE(find_link(links, "lo")->arp);
  EXPECT_EQ(find_link(links, "d9"), nullptr);
  peer_sh("ip link set p0 down");
  EXPECT_FALSE(find_link(or_throw(list_links(*socket_)), "d0")->up) << "no carrier";
}

TEST_F(KernelTest, AVipOnASubInterface) {
  or_throw(add_address(*socket_, link_, kVip4, "3", kDefaultMark));
  or_throw(add_address(*socket_, link_, kVip6, "3", kDefaultMark));
  const auto own = own_addresses();
  ASSERT_EQ(own.size(), 2u);
  EXPECT_EQ(own[0].prefix.to_string(), "192.168.88.88/32");
  EXPECT_EQ(own[0].label, "d0:3");
  EXPECT_EQ(own[1].prefix.to_string(), "fd88::88/128");
  EXPECT_EQ(own[1].flags & IFA_F_TENTATIVE, 0u) << "usable at once";
  EXPECT_EQ(number_of(add_address(*socket_, link_, kVip4, "3", kDefaultMark)), EEXIST);
  sh("ping -c 1 -W 1 192.168.88.88 > /dev/null && ping -c 1 -W 1 fd88::88 > /dev/null");

  for (const InterfaceAddress& address : own) or_throw(delete_address(*socket_, address));
  EXPECT_TRUE(own_addresses().empty());
  EXPECT_EQ(number_of(delete_address(*socket_, own[0])), EADDRNOTAVAIL);
}

TEST_F(KernelTest, ErrorsNameTheThingAndTheRemedy) {
  const auto too_long = add_address(*socket_, link_, kVip4, "a-very-long-label", kDefaultMark);
  ASSERT_FALSE(too_long);
  EXPECT_NE(too_long.error().message().find("shorten the label"), std::string::npos);
  // The gateway is on no link: the kernel says so in its own words.
  const auto refused =
      add_route(*socket_, {{kVip4, 32}, Address::parse("172.31.0.1"), link_.index, 0});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(),
            "add the route to 192.168.88.88/32 via 172.31.0.1 (Nexthop has invalid gateway): "
            "Network is unreachable");
}

TEST_F(KernelTest, HostRoutes) {
  const Route routed{*Prefix::parse("192.168.90.7/32"), kPeer, link_.index, 0};
  const Route direct{*Prefix::parse("192.168.91.0/24"), {}, link_.index, 50};
  const Route six{*Prefix::parse("fd90::7/128"), Address::parse("fd00::2"), link_.index, 0};
  sh("ip route add 192.168.92.0/24 dev d0");  // Somebody else's.
  for (const Route& route : {routed, direct, six}) or_throw(add_route(*socket_, route));
  EXPECT_EQ(or_throw(list_routes(*socket_, kDefaultMark)),
            (std::vector<Route>{routed, direct, six}));
  EXPECT_EQ(number_of(add_route(*socket_, routed)), EEXIST);

  const Route foreign{*Prefix::parse("192.168.92.0/24"), {}, link_.index, 0};
  EXPECT_EQ(number_of(delete_route(*socket_, foreign)), ESRCH);
  Route others = routed;
  others.mark = mark_of("two");
  EXPECT_EQ(number_of(delete_route(*socket_, others)), ESRCH);
  EXPECT_TRUE(or_throw(list_routes(*socket_, others.mark)).empty());
  for (const Route& route : {routed, direct, six}) or_throw(delete_route(*socket_, route));
  EXPECT_TRUE(or_throw(list_routes(*socket_, kDefaultMark)).empty());
  EXPECT_EQ(number_of(delete_route(*socket_, routed)), ESRCH);
}

TEST_F(KernelTest, APrefixBecomesLocal) {
  for (const char* text : {"192.0.2.0/28", "2001:db8:5::/64"}) {
    const Prefix vips = *Prefix::parse(text);
    const Route route = local_route(vips, kDefaultMark);
    or_throw(add_route(*socket_, route));
    EXPECT_EQ(or_throw(list_routes(*socket_, kDefaultMark)), std::vector<Route>{route});
    EXPECT_TRUE(or_throw(route_to(*socket_, vips.address))->local);
    EXPECT_EQ(number_of(add_route(*socket_, route)), EEXIST);
    or_throw(delete_route(*socket_, route));
    EXPECT_TRUE(or_throw(list_routes(*socket_, kDefaultMark)).empty());
  }
}

TEST_F(KernelTest, AHostRouteThroughWhateverInterfaceTheKernelChooses) {
  for (const auto& [to, via] :
       {std::pair("192.168.90.7/32", "10.0.0.2"), std::pair("fd90::7/128", "fd00::2")}) {
    const Route wanted{*Prefix::parse(to), Address::parse(via), 0, 0};
    or_throw(add_route(*socket_, wanted));
    const auto own = or_throw(list_routes(*socket_, kDefaultMark));
    ASSERT_EQ(own.size(), 1u);
    EXPECT_EQ(own[0].ifindex, link_.index);
    EXPECT_TRUE(own[0].meets(wanted));
    or_throw(delete_route(*socket_, wanted));
  }
}

TEST_F(KernelTest, AHostRouteTakesAnothersPlace) {
  for (const auto& [to, via] :
       {std::pair("192.168.90.7/32", "10.0.0.2"), std::pair("fd90::7/128", "fd00::2")}) {
    const Route before{*Prefix::parse(to), Address::parse(via), link_.index, 0};
    const Route after{before.to, {}, link_.index, 0};
    EXPECT_TRUE(after.displaces(before) && !after.meets(before));
    or_throw(add_route(*socket_, before));
    or_throw(replace_route(*socket_, after));
    EXPECT_EQ(or_throw(list_routes(*socket_, kDefaultMark)), std::vector<Route>{after});
    or_throw(delete_route(*socket_, after));
  }
}

TEST_F(KernelTest, TheWayToAnAddress) {
  const auto path = [&](const char* to) {
    return or_throw(route_to(*socket_, *Address::parse(to)));
  };
  EXPECT_EQ(path("10.0.0.2"), (Path{link_.index, {}, Address::parse("10.0.0.1"), false}));
  EXPECT_EQ(path("8.8.8.8"), std::nullopt);
  EXPECT_EQ(path("2001:db8::1"), std::nullopt);
  EXPECT_TRUE(path("10.0.0.1")->local);
  sh("ip -4 route add default via inet6 fd00::2 dev d0 && ip route add blackhole 192.168.4.0/24 && "
     "ip route add unreachable 192.168.5.0/24 && ip route add prohibit 192.168.6.0/24 && "
     "ip -6 route add fd07::/64 via fd00::2");
  EXPECT_EQ(path("8.8.8.8")->gateway, Address::parse("fd00::2"));
  EXPECT_EQ(path("fd07::1")->gateway, Address::parse("fd00::2"));
  EXPECT_EQ(path("192.168.4.1"), std::nullopt);
  EXPECT_EQ(path("192.168.5.1"), std::nullopt);
  EXPECT_EQ(path("192.168.6.1"), std::nullopt);
}

TEST_F(KernelTest, ANeighbourIsResolvedKeptCorrectedAndReleased) {
  const auto entry = [&] { return or_throw(get_neighbour(*socket_, link_.index, kPeer)); };
  EXPECT_FALSE(entry());
  or_throw(keep_resolved(*socket_, link_.index, kPeer));
  ASSERT_TRUE(becomes([&] { return entry()->valid(); }, std::chrono::seconds(2)));
  EXPECT_EQ(entry()->mac, *Mac::parse("02:00:00:00:00:a0"));
  sh("ip neigh show 10.0.0.2 dev d0 | grep -q managed");

  const Mac other = *Mac::parse("02:00:00:00:00:a1");
  or_throw(correct_neighbour(*socket_, link_.index, kPeer, other));
  EXPECT_EQ(entry()->mac, other);
  sh("ip neigh show 10.0.0.2 dev d0 | grep -q managed");

  const auto all = or_throw(list_neighbours(*socket_));
  EXPECT_TRUE(std::any_of(all.begin(), all.end(),
                          [](const Neighbour& neighbour) { return neighbour.address == kPeer; }));
  or_throw(release_neighbour(*socket_, link_.index, kPeer));
  sh("! ip neigh show 10.0.0.2 dev d0 | grep -q managed");
  or_throw(release_neighbour(*socket_, link_.index, kPeer));
}

}  // namespace
}  // namespace pinion
