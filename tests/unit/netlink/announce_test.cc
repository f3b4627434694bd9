// SPDX-License-Identifier: Apache-2.0
#include "balancer/netlink/announce.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>

#include "balancer/netlink/conflicts.h"
#include "balancer/netlink/frames.h"
#include "balancer/netlink/next_hops.h"
#include "tests/unit/netlink/namespaces.h"

namespace pinion {
namespace {

using std::chrono::milliseconds;

const Address kVip4 = *Address::parse("10.0.0.9");
const Address kVip6 = *Address::parse("fd00::9");

class AnnounceTest : public Namespaces {
 protected:
  void SetUp() override {
    Namespaces::SetUp();
    if (IsSkipped()) return;
    auto socket = or_throw(NetlinkSocket::open());
    link_ = *find_link(or_throw(list_links(socket)), "d0");
    on_peer([&] {
      ear_.reset(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL)));
    });
    ASSERT_TRUE(ear_);
  }

  // How many of the frames that the peer received are exactly this one.
  size_t received(const Frame& frame) {
    uint8_t buffer[2048];
    for (ssize_t size; (size = recv(ear_.get(), buffer, sizeof(buffer), 0)) > 0;)
      frames_.emplace_back(buffer, buffer + size);
    return static_cast<size_t>(std::count(frames_.begin(), frames_.end(), frame));
  }

  std::vector<Conflict> conflicts(std::vector<Address> addresses) {
    std::vector<Candidacy> candidacies;
    for (const Address& address : addresses) candidacies.push_back({link_, address});
    std::optional<std::vector<Conflict>> found;
    asio::co_spawn(io_, ask_all(std::move(candidacies), found), report("test"));
    EXPECT_TRUE(becomes([&] { return found.has_value(); }));
    return found.value_or(std::vector<Conflict>());
  }

  Link link_;

 private:
  static asio::awaitable<void> ask_all(std::vector<Candidacy> candidacies,
                                       std::optional<std::vector<Conflict>>& found) {
    found = or_throw(co_await find_conflicts(std::move(candidacies)));
  }

  Fd ear_;
  std::vector<Frame> frames_;
};

TEST_F(AnnounceTest, ThreeTimesInEveryForm) {
  auto announcer = or_throw(Announcer::open(io_));
  announcer.announce(link_, kVip4);
  announcer.announce(link_, kVip6);
  const Frame request = gratuitous_arp(link_.mac, kVip4, ArpForm::kRequest);
  const Frame reply = gratuitous_arp(link_.mac, kVip4, ArpForm::kReply);
  const Frame advertisement = unsolicited_advertisement(link_.mac, kVip6);
  run_for(milliseconds(100));
  EXPECT_EQ(received(request), 1u) << "at once";
  run_for(milliseconds(3500));
  EXPECT_EQ(received(request), 3u);
  EXPECT_EQ(received(reply), 3u);
  EXPECT_EQ(received(advertisement), 3u);
}

TEST_F(AnnounceTest, AVipThatIsGoneIsNotAnnouncedAnyMore) {
  std::optional<Announcer> announcer = or_throw(Announcer::open(io_));
  const Frame four = gratuitous_arp(link_.mac, kVip4, ArpForm::kRequest);
  const Frame six = unsolicited_advertisement(link_.mac, kVip6);
  announcer->announce(link_, kVip4);
  announcer->announce(link_, kVip6);
  run_for(milliseconds(100));
  announcer->stop(kVip4);
  run_for(milliseconds(1200));
  EXPECT_EQ(received(four), 1u);
  EXPECT_EQ(received(six), 2u);
  announcer.reset();
  io_.restart();
  io_.run_for(milliseconds(1200));
  EXPECT_EQ(received(six), 2u);
  EXPECT_TRUE(io_.stopped()) << "a coroutine still waits";
}

TEST_F(AnnounceTest, FindsWhoeverHasTheAddress) {
  peer_sh("ip addr add 10.0.0.9/32 dev p0 && ip -6 addr add fd00::9/128 dev p0 nodad");
  const Mac owner = *Mac::parse("02:00:00:00:00:a0");
  const auto start = std::chrono::steady_clock::now();
  const auto found =
      conflicts({kVip4, kVip6, *Address::parse("10.0.0.10"), *Address::parse("fd00::10")});
  ASSERT_EQ(found.size(), 2u);
  for (const Conflict& conflict : found) {
    EXPECT_TRUE(conflict.address == kVip4 || conflict.address == kVip6);
    EXPECT_EQ(conflict.owner, owner);
    EXPECT_EQ(conflict.ifindex, link_.index);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(1300)) << "all at once";
}

TEST_F(AnnounceTest, DoesNotWaitOnceAllAreTaken) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(conflicts({*Address::parse("10.0.0.2")}).size(), 1u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(500));
  EXPECT_TRUE(conflicts({}).empty());
}

TEST_F(AnnounceTest, ALinkThatIsDownHasNoRivals) {
  link_.up = false;
  EXPECT_TRUE(conflicts({*Address::parse("10.0.0.2")}).empty());
}

TEST(AskerFor, PrefersTheSubnetAndNeverOurVips) {
  const Link link{.index = 7, .name = "eth0", .mac = *Mac::parse("02:00:00:00:00:d0")};
  const auto own = [](const char* prefix, uint8_t protocol = 0, uint32_t ifindex = 7) {
    return InterfaceAddress{ifindex, *Prefix::parse(prefix), "", protocol, 0};
  };
  const std::vector<InterfaceAddress> addresses = {own("10.0.0.9/32", kDefaultMark),
                                                   own("10.0.0.3/8", 0, 8),
                                                   own("192.168.1.1/24"),
                                                   own("10.0.0.1/22"),
                                                   own("fd00::1/64"),
                                                   own("fe80::1/64")};
  const auto asker = [&](const char* to) {
    return asker_for({7, *Address::parse(to)}, link, addresses).address;
  };
  EXPECT_EQ(asker("10.0.3.2"), Address::parse("10.0.0.1"));
  EXPECT_EQ(asker("10.0.4.2"), Address::parse("192.168.1.1"));
  EXPECT_EQ(asker("fd00::2"), Address::parse("fd00::1"));
  EXPECT_EQ(asker("fd01::2"), Address::parse("fe80::1"));
  EXPECT_EQ(asker_for({7, kVip4}, link, {own("10.0.0.9/32", kDefaultMark)}).address, std::nullopt);
}

}  // namespace
}  // namespace pinion
