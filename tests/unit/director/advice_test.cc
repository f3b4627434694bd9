// SPDX-License-Identifier: Apache-2.0
#include "balancer/director/advice.h"

#include <gmock/gmock.h>

namespace pinion {
namespace {

using config::Forward;
using testing::ElementsAre;
using testing::IsEmpty;

Address address(const char* text) { return *Address::parse(text); }

Reachability by(uint32_t ifindex, uint16_t mtu = 1500) {
  return {.next_hop = {.ifindex = ifindex, .destination = {{2, 0, 0, 0, 0, 9}}, .mtu = mtu},
          .reachable = true};
}

// A model whose services are as a test wants them, and what the director says of it.
class AdviceTest : public testing::Test {
 protected:
  AdviceTest() {
    config_.services = {
        {.name = "web",
         .listeners = {{*Prefix::parse("192.0.2.80"), Ports::one(80)}},
         .servers = {{address("10.0.0.1")}, {address("10.0.0.2")}, {address("10.0.0.3")}}},
        {.name = "web6",
         .listeners = {{*Prefix::parse("2001:db8::80"), Ports::one(80)}},
         .servers = {{address("2001:db8::1")}}}};
  }

  config::Service& web() { return config_.services[0]; }
  config::Service& web6() { return config_.services[1]; }

  Warnings update() {
    EXPECT_TRUE(model_.configure(config_));
    return advice_.update(model_, links_, interfaces_);
  }
  Warnings look_after(const char* server, const Reachability& fact) {
    model_.learn(address(server), fact);
    return advice_.update(model_, links_, interfaces_);
  }

  Config config_;
  Model model_{config::Limits()};
  std::vector<Link> links_ = {{.index = 2, .name = "eth0"}, {.index = 3, .name = "eth1"}};
  std::vector<std::string> interfaces_ = {"eth0"};
  Advice advice_;
};

TEST_F(AdviceTest, HasNothingToSayOfWhatIsRight) {
  web().servers[1].forward = Forward::kNat;
  web().servers[2].forward = Forward::kTunnel;
  web6().servers[0].forward = Forward::kLocal;
  EXPECT_THAT(update(), IsEmpty());
  EXPECT_THAT(look_after("10.0.0.1", by(3)), IsEmpty()) << "its replies need not come back";
  EXPECT_THAT(look_after("10.0.0.2", by(2)), IsEmpty());
  EXPECT_THAT(look_after("10.0.0.3", by(2, 1520)), IsEmpty());
  EXPECT_THAT(advice_.all(), IsEmpty());
}

TEST_F(AdviceTest, DirectRoutingCannotPassARouter) {
  update();
  Reachability behind = by(2);
  behind.on_link = false;
  const std::string what =
      "a router is between, which direct routing cannot pass; forward by tun, or nat";
  EXPECT_THAT(look_after("10.0.0.2", behind),
              ElementsAre("service 'web', server 10.0.0.2: " + what));
  EXPECT_THAT(look_after("10.0.0.1", behind), IsEmpty()) << "it has been said of that service";
  EXPECT_THAT(advice_.all(), ElementsAre("service 'web', server 10.0.0.1 and 1 more: " + what));
  EXPECT_THAT(look_after("10.0.0.1", by(2)), IsEmpty());
  EXPECT_THAT(advice_.all(), ElementsAre("service 'web', server 10.0.0.2: " + what));
  web().servers[1].forward = Forward::kNat;
  EXPECT_THAT(update(), IsEmpty());
  EXPECT_THAT(advice_.all(), IsEmpty());
}

TEST_F(AdviceTest, RepliesByAnInterfaceThatIsNotTheDirectors) {
  web().forward = Forward::kNat;
  web6().forward = Forward::kFullNat;
  update();
  const std::string what =
      ": it is reached by eth1, which is none of director.interfaces: its replies would not be "
      "seen there; add it";
  EXPECT_THAT(look_after("10.0.0.1", by(3)), ElementsAre("service 'web', server 10.0.0.1" + what));
  EXPECT_THAT(look_after("2001:db8::1", by(3)),
              ElementsAre("service 'web6', server 2001:db8::1" + what));
  EXPECT_THAT(look_after("10.0.0.1", by(2)), IsEmpty());
  EXPECT_EQ(advice_.all().size(), 1u);
  interfaces_.push_back("eth1");
  EXPECT_THAT(update(), IsEmpty());
  EXPECT_THAT(advice_.all(), IsEmpty()) << "although nothing else has changed";
}

TEST_F(AdviceTest, RepliesByAVlanOfTheDirectorsInterface) {
  web().forward = Forward::kNat;
  links_.push_back({.index = 4, .name = "eth0.100", .kind = "vlan", .lower = 2});
  links_.push_back({.index = 5, .name = "eth1.100", .kind = "vlan", .lower = 3});
  update();
  EXPECT_THAT(look_after("10.0.0.1", by(4)), IsEmpty());
  EXPECT_THAT(look_after("10.0.0.2", by(5)).size(), 1u);
  interfaces_.push_back("eth1.100");
  update();
  EXPECT_THAT(advice_.all(), IsEmpty());
}

TEST_F(AdviceTest, TunnelsWithoutRoom) {
  web().forward = web6().forward = Forward::kTunnel;
  web6().tunnel.type = config::TunnelType::kGue;
  update();
  EXPECT_THAT(look_after("10.0.0.1", by(2, 595)),
              ElementsAre("service 'web', server 10.0.0.1: the MTU of eth0, 595, leaves 575 bytes "
                          "within the tunnel, and IPv4 needs 576; raise it to 596 or more"));
  EXPECT_THAT(look_after("10.0.0.1", by(2, 596)),
              ElementsAre("service 'web', server 10.0.0.1: the MTU of eth0, 596, leaves 576 bytes "
                          "within the tunnel: clients that send 1500 are told so first; raise it "
                          "to 1520, or see --mss in pinion-real-server(8)"));
  EXPECT_THAT(look_after("10.0.0.1", by(2, 1519)), IsEmpty());
  EXPECT_THAT(look_after("10.0.0.1", by(2, 1520)), IsEmpty());
  EXPECT_THAT(advice_.all(), IsEmpty());
  EXPECT_THAT(look_after("2001:db8::1", by(2, 1331)),
              ElementsAre("service 'web6', server 2001:db8::1: the MTU of eth0, 1331, leaves 1279 "
                          "bytes within the tunnel, and IPv6 needs 1280; raise it to 1332 or "
                          "more"));
  EXPECT_THAT(look_after("2001:db8::1", by(2, 1552)), IsEmpty());
  EXPECT_THAT(advice_.all(), IsEmpty());
  look_after("10.0.0.1", by(2, 1523));
  web().servers[0].tunnel.type = config::TunnelType::kGre;
  EXPECT_EQ(update().size(), 1u) << "GRE takes four bytes more";
}

TEST_F(AdviceTest, WhatCrossesToIpv4WithoutRoom) {
  config_.director.local_addresses = {{address("10.0.0.200"), "eth0"}};
  web6().forward = Forward::kFullNat;
  web6().servers = {{address("10.0.0.9")}};
  update();
  EXPECT_THAT(look_after("10.0.0.9", by(2, 1259)),
              ElementsAre("service 'web6', server 10.0.0.9: the MTU of eth0, 1259, is less than "
                          "what every IPv6 client may send makes of IPv4, 1260 bytes; raise it"));
  EXPECT_THAT(look_after("10.0.0.9", by(2, 1260)), IsEmpty());
  EXPECT_THAT(advice_.all(), IsEmpty());
  web6().client_address = config::ClientAddress::kProxy;
  EXPECT_EQ(update().size(), 1u) << "its header takes 52 bytes more";
  EXPECT_THAT(look_after("10.0.0.9", by(2, 1312)), IsEmpty());
  EXPECT_THAT(advice_.all(), IsEmpty());
}

TEST_F(AdviceTest, ForgetsAServiceThatIsGoneAndServersThatLeave) {
  web().forward = Forward::kNat;
  update();
  look_after("10.0.0.1", by(3));
  web().servers.erase(web().servers.begin());
  EXPECT_THAT(update(), IsEmpty());
  EXPECT_THAT(advice_.all(), IsEmpty());
  look_after("10.0.0.2", by(3));
  config_.services.erase(config_.services.begin());
  update();
  EXPECT_THAT(advice_.all(), IsEmpty());
}

}  // namespace
}  // namespace pinion
