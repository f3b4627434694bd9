// SPDX-License-Identifier: Apache-2.0
#include "balancer/netlink/resolver.h"

#include <map>
#include <thread>

#include "balancer/netlink/addresses.h"
#include "tests/unit/netlink/namespaces.h"

namespace pinion {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Address kPeer4 = *Address::parse("10.0.0.2");
const Address kPeer6 = *Address::parse("fd00::2");
const Address kBehind = *Address::parse("192.168.7.7");
const Mac kPeerMac = *Mac::parse("02:00:00:00:00:a0");
const Mac kOwnMac = *Mac::parse("02:00:00:00:00:d0");

class ResolverTest : public Namespaces {
 protected:
  void start(std::vector<Address> addresses, ResolverOptions options = {}) {
    facts_.clear();
    ResolverHooks hooks;
    hooks.reachability_changed = [this](const Address& address, const Reachability& fact) {
      EXPECT_FALSE(facts_.contains(address) && facts_[address] == fact) << "told twice";
      facts_[address] = fact;
      ++told_[address];
    };
    hooks.links_changed = [this](const std::vector<Link>& links) { links_ = links; };
    hooks.links_up = [this](const std::vector<Link>& links) {
      for (const Link& link : links) ++came_up_[link.name];
    };
    hooks.addressing_changed = [this] { ++address_changes_; };
    resolver_ = or_throw(Resolver::open(io_, std::move(hooks), options));
    resolver_->set_targets(std::move(addresses));
  }

  bool reachable(const Address& address) { return facts_[address].reachable; }
  Mac mac(const Address& address) { return facts_[address].next_hop.destination; }

  std::map<Address, Reachability> facts_;
  std::map<Address, int> told_;
  std::vector<Link> links_;
  std::map<std::string, int> came_up_;
  int address_changes_ = 0;
  std::optional<Resolver> resolver_;
};

TEST_F(ResolverTest, FindsPeersOfBothFamiliesAndTellsOnce) {
  start({kPeer4, kPeer6});
  ASSERT_TRUE(becomes([&] { return reachable(kPeer4) && reachable(kPeer6); }, seconds(2)));
  const Link* link = find_link(links_, "d0");
  ASSERT_NE(link, nullptr);
  const NextHop hop{link->index, kPeerMac, kOwnMac, 1500};
  EXPECT_EQ(facts_[kPeer4], (Reachability{hop, true, true, *Address::parse("10.0.0.1")}));
  EXPECT_EQ(facts_[kPeer6], (Reachability{hop, true, true, *Address::parse("fd00::1")}));
  run_for(milliseconds(1500));
  EXPECT_EQ(told_[kPeer4], 1);
  EXPECT_EQ(told_[kPeer6], 1);
}

// The peer says nothing when its MAC address changes: what finds out is the question.
TEST_F(ResolverTest, FollowsAMacAddressThatChangesSilentlyWithinASecond) {
  start({kPeer4, kPeer6});
  ASSERT_TRUE(becomes([&] { return reachable(kPeer4) && reachable(kPeer6); }));
  milliseconds slowest{};
  for (int i = 1; i <= 20; ++i) {
    run_for(milliseconds(37 * i % 500));
    const std::string text = "02:00:00:00:01:" + std::to_string(10 + i);
    const Mac next = *Mac::parse(text);
    peer_sh("ip link set p0 address " + text);
    const auto changed = std::chrono::steady_clock::now();
    ASSERT_TRUE(becomes([&] { return mac(kPeer4) == next && mac(kPeer6) == next; }, seconds(3)));
    slowest = std::max(slowest, std::chrono::duration_cast<milliseconds>(
                                    std::chrono::steady_clock::now() - changed));
    EXPECT_TRUE(reachable(kPeer4) && reachable(kPeer6));
  }
  RecordProperty("slowest_ms", static_cast<int>(slowest.count()));
  EXPECT_LT(slowest, seconds(1));
  // The director's own traffic reaches it, too.
  sh("ping -c 1 -W 1 10.0.0.2 > /dev/null");
}

TEST_F(ResolverTest, SilenceIsUnreachableAndTheLastMacAddressStays) {
  start({kPeer4, kPeer6});
  ASSERT_TRUE(becomes([&] { return reachable(kPeer4) && reachable(kPeer6); }));
  peer_sh("ip addr del 10.0.0.2/24 dev p0 && ip -6 addr del fd00::2/64 dev p0");
  ASSERT_TRUE(becomes([&] { return !reachable(kPeer4) && !reachable(kPeer6); }, seconds(5)));
  EXPECT_EQ(mac(kPeer4), kPeerMac);
  EXPECT_EQ(mac(kPeer6), kPeerMac);
  peer_sh("ip addr add 10.0.0.2/24 dev p0 && ip -6 addr add fd00::2/64 dev p0 nodad");
  EXPECT_TRUE(becomes([&] { return reachable(kPeer4) && reachable(kPeer6); }, seconds(2)));
}

TEST_F(ResolverTest, AnAddressThatNeverAnswersIsToldAfterASecond) {
  const Address nobody = *Address::parse("10.0.0.99");
  start({nobody});
  run_for(milliseconds(600));
  EXPECT_EQ(told_[nobody], 0);
  ASSERT_TRUE(becomes([&] { return told_[nobody] == 1; }, seconds(2)));
  EXPECT_FALSE(reachable(nobody));
  EXPECT_TRUE(mac(nobody).is_zero());
}

TEST_F(ResolverTest, AServerBehindARouterHasTheRoutersMacAddress) {
  start({kBehind});
  ASSERT_TRUE(becomes([&] { return told_[kBehind] == 1; }));
  EXPECT_FALSE(reachable(kBehind)) << "no route";
  sh("ip route add 192.168.7.0/24 via 10.0.0.2");
  ASSERT_TRUE(becomes([&] { return reachable(kBehind); }, seconds(1)));
  EXPECT_EQ(mac(kBehind), kPeerMac);
  EXPECT_FALSE(facts_[kBehind].on_link);
  sh("ip route del 192.168.7.0/24");
  EXPECT_TRUE(becomes([&] { return !reachable(kBehind); }, seconds(1)));
  EXPECT_EQ(mac(kBehind), kPeerMac);
}

// What tunnels come from. The kernel would take the VIP, which is nearer to the IPv6 peer.
TEST_F(ResolverTest, TellsTheSourceWhichIsNeverAVip) {
  auto socket = NetlinkSocket::open();
  ASSERT_TRUE(socket);
  auto links = list_links(*socket);
  ASSERT_TRUE(links);
  ASSERT_TRUE(
      add_address(*socket, *find_link(*links, "d0"), *Address::parse("fd00::3"), "", kDefaultMark));
  sh("ip -6 route get fd00::2 | grep -q 'src fd00::3 '");
  sh("ip route add 192.168.7.0/24 via 10.0.0.2");
  start({kPeer4, kPeer6, kBehind});
  ASSERT_TRUE(
      becomes([&] { return reachable(kPeer4) && reachable(kPeer6) && reachable(kBehind); }));
  EXPECT_EQ(facts_[kPeer4].source, *Address::parse("10.0.0.1"));
  EXPECT_EQ(facts_[kBehind].source, *Address::parse("10.0.0.1"));
  EXPECT_EQ(facts_[kPeer6].source, *Address::parse("fd00::1"));
  sh("ip addr add 10.0.0.77/24 dev d0 && ip route replace 192.168.7.0/24 via 10.0.0.2 src "
     "10.0.0.77");
  EXPECT_TRUE(
      becomes([&] { return facts_[kBehind].source == *Address::parse("10.0.0.77"); }, seconds(1)));
}

TEST_F(ResolverTest, APermanentEntryIsTakenAsItIs) {
  sh("ip neigh add 10.0.0.50 dev d0 lladdr 02:00:00:00:00:50 nud permanent");
  const Address fixed = *Address::parse("10.0.0.50");
  start({fixed});
  ASSERT_TRUE(becomes([&] { return reachable(fixed); }, milliseconds(500)));
  EXPECT_EQ(mac(fixed), *Mac::parse("02:00:00:00:00:50"));
  sh("ip neigh replace 10.0.0.50 dev d0 lladdr 02:00:00:00:00:51 nud permanent");
  EXPECT_TRUE(becomes([&] { return mac(fixed) == *Mac::parse("02:00:00:00:00:51"); }, seconds(1)));
  run_for(seconds(4));
  EXPECT_TRUE(reachable(fixed)) << "nobody answers there, and nobody is asked";
  sh("ip neigh del 10.0.0.50 dev d0");
  EXPECT_TRUE(becomes([&] { return !reachable(fixed); }, seconds(5)));
}

TEST_F(ResolverTest, ALinkWithoutCarrierLeadsNowhere) {
  start({kPeer4, kPeer6});
  ASSERT_TRUE(becomes([&] { return reachable(kPeer4) && reachable(kPeer6); }));
  peer_sh("ip link set p0 down");
  // The kernel tells of lost carriers once a second, of all namespaces together (link_watch.c); a
  // next hop that is merely silent would take three.
  ASSERT_TRUE(becomes([&] { return !reachable(kPeer4) && !reachable(kPeer6); }, seconds(2)));
  EXPECT_FALSE(find_link(links_, "d0")->up);
  peer_sh("ip link set p0 up && ip -6 addr replace fd00::2/64 dev p0 nodad");
  EXPECT_TRUE(becomes([&] { return reachable(kPeer4) && reachable(kPeer6); }, seconds(3)));
}

TEST_F(ResolverTest, ALinkThatIsMadeAnewHasAnotherIndex) {
  start({kPeer4, kPeer6});
  ASSERT_TRUE(becomes([&] { return reachable(kPeer4) && reachable(kPeer6); }));
  const uint32_t old = facts_[kPeer4].next_hop.ifindex;
  sh("ip link del d0");
  ASSERT_TRUE(becomes([&] { return !reachable(kPeer4) && !reachable(kPeer6); }, seconds(1)));
  ASSERT_TRUE(becomes([&] { return find_link(links_, "d0") == nullptr; }, seconds(1)));
  wire();
  ASSERT_TRUE(becomes([&] { return reachable(kPeer4) && reachable(kPeer6); }, seconds(3)));
  EXPECT_NE(facts_[kPeer4].next_hop.ifindex, old);
  EXPECT_EQ(facts_[kPeer4].next_hop.ifindex, find_link(links_, "d0")->index);
  sh("ip link set d0 down && ip link set d0 name d1 && ip link set d1 up");
  EXPECT_TRUE(becomes([&] { return find_link(links_, "d1") != nullptr; }, seconds(1)));
}

TEST_F(ResolverTest, TellsThatAddressesCameOrWent) {
  start({});
  run_for(milliseconds(200));
  EXPECT_EQ(address_changes_, 0);
  sh("ip addr add 10.0.9.9/32 dev d0");
  ASSERT_TRUE(becomes([&] { return address_changes_ == 1; }, seconds(1)));
  sh("ip addr del 10.0.9.9/32 dev d0");
  EXPECT_TRUE(becomes([&] { return address_changes_ == 2; }, seconds(1)));
}

TEST_F(ResolverTest, TellsThatAHostRouteWent) {
  sh("ip route add 10.0.9.9/32 dev d0 proto 80 && ip route add 10.0.9.8/32 dev d0 proto static");
  start({});
  run_for(milliseconds(200));
  sh("ip route del 10.0.9.8/32 dev d0");
  run_for(milliseconds(200));
  EXPECT_EQ(address_changes_, 0) << "somebody else's";
  sh("ip route del 10.0.9.9/32 dev d0");
  EXPECT_TRUE(becomes([&] { return address_changes_ == 1; }, seconds(1)));
}

TEST_F(ResolverTest, TellsThatALinkIsUpAgain) {
  start({});
  run_for(milliseconds(200));
  EXPECT_TRUE(came_up_.empty()) << "it was up";
  sh("ip link set d0 down");
  run_for(milliseconds(200));
  EXPECT_TRUE(came_up_.empty());
  sh("ip link set d0 up");
  ASSERT_TRUE(becomes([&] { return came_up_["d0"] == 1; }, seconds(1)));
  sh("ip link set d0 down; ip link set d0 up");  // Sooner than anything is read.
  ASSERT_TRUE(becomes([&] { return came_up_["d0"] == 2; }, seconds(1)));
  sh("ip link set d0 address 02:00:00:00:00:d1");
  ASSERT_TRUE(becomes([&] { return came_up_["d0"] == 3; }, seconds(1)));
  peer_sh("ip link set p0 down");
  ASSERT_TRUE(becomes([&] { return !find_link(links_, "d0")->up; }, seconds(3)));
  peer_sh("ip link set p0 up");
  ASSERT_TRUE(becomes([&] { return came_up_["d0"] == 4; }, seconds(3)));
  sh("ip link del d0");
  wire();
  ASSERT_TRUE(becomes([&] { return came_up_["d0"] == 5; }, seconds(3)));
}

TEST_F(ResolverTest, AfterAnOverrunTheFactsAreRight) {
  start({kPeer4, kBehind}, {.receive_buffer = 4096});
  ASSERT_TRUE(becomes([&] { return reachable(kPeer4) && told_[kBehind] == 1; }));
  // Nobody reads meanwhile: the change that matters is lost among thousands that do not.
  sh("for i in $(seq 0 3999); do echo route add 172.16.$((i / 250)).$((i % 250))/32 dev d0; done"
     " | ip -batch -");
  sh("ip route add 192.168.7.0/24 via 10.0.0.2");
  sh("ip neigh flush dev d0");
  ASSERT_TRUE(becomes([&] { return reachable(kBehind); }, seconds(3)));
  EXPECT_GE(resolver_->overruns(), 1u);
  EXPECT_EQ(mac(kBehind), kPeerMac);
  EXPECT_TRUE(reachable(kPeer4));
}

TEST_F(ResolverTest, OneThatIsWantedAgainIsToldAgain) {
  start({kPeer4});
  ASSERT_TRUE(becomes([&] { return reachable(kPeer4); }));
  resolver_->set_targets({kPeer6});
  ASSERT_TRUE(becomes([&] { return reachable(kPeer6); }));
  facts_.clear();
  resolver_->set_targets({kPeer4, kPeer6});
  ASSERT_TRUE(becomes([&] { return reachable(kPeer4); }, seconds(1)));
  EXPECT_FALSE(facts_.contains(kPeer6));
}

TEST_F(ResolverTest, MayBeDestroyedAtAnyTime) {
  for (int i = 0; i < 30; ++i) {
    start({kPeer4, kPeer6});
    run_for(milliseconds(i * 2));
    resolver_.reset();
  }
  io_.restart();
  io_.run_for(milliseconds(100));
  EXPECT_TRUE(io_.stopped()) << "a coroutine still waits";
  start({kPeer4});  // And with the loop going first.
  run_for(milliseconds(50));
}

}  // namespace
}  // namespace pinion
