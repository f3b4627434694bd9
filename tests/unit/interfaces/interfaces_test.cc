// SPDX-License-Identifier: Apache-2.0
// The three steps of a change, their failures, and links that come and go.
#include "balancer/interfaces/interfaces.h"

#include <bpf/libbpf.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <net/if.h>
#include <sched.h>

#include <cstdlib>
#include <optional>

#include "balancer/netlink/socket.h"
#include "tests/unit/dataplane/plane.h"

namespace pinion {
namespace {

using testing::HasSubstr;

using Names = std::vector<std::string>;

void sh(const std::string& command) { ASSERT_EQ(std::system(command.c_str()), 0) << command; }

bool has_program(const char* interface) {
  LIBBPF_OPTS(bpf_xdp_query_opts, query);
  EXPECT_EQ(bpf_xdp_query(static_cast<int>(if_nametoindex(interface)), 0, &query), 0);
  return query.prog_id != 0;
}

// In a network namespace without a name: a0 and a1, whose driver can XDP, and lo, whose driver
// cannot.
class InterfacesTest : public Plane {
 protected:
  void SetUp() override {
    Plane::SetUp();
    if (!program_) return;
    home_.reset(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    make_links();
    auto tables = Tables::open(*program_, director_.limits);
    ASSERT_DONE(tables);
    tables_.emplace(std::move(*tables));
    interfaces_.emplace(*pins_, *program_, *tables_, config::XdpMode::kNative);
  }

  void TearDown() override {
    if (interfaces_) interfaces_->detach_all();
    if (home_) setns(home_.get(), CLONE_NEWNET);
    Plane::TearDown();
  }

  static void make_links() {
    sh("ip link add a0 type veth peer name a1 && ip link set a0 up && ip link set a1 up");
  }

  static std::vector<Link> links() {
    auto socket = or_throw(NetlinkSocket::open());
    return or_throw(list_links(socket));
  }

  Result<AttachPoints> find(const Names& names) {
    return interfaces_->find_attach_points(names, links());
  }

  // All three steps.
  void change_to(const Names& names) {
    auto points = find(names);
    ASSERT_DONE(points);
    ASSERT_DONE(interfaces_->attach(*points, kFeatures));
    Config live;
    live.director.interfaces = names;
    interfaces_->keep(std::move(*points), live);
  }

  std::optional<Tables> tables_;
  std::optional<Interfaces> interfaces_;

 private:
  Fd home_;
};

TEST_F(InterfacesTest, AFailedAttachLeavesNothingAttached) {
  const auto points = find({"a0", "lo"});
  ASSERT_DONE(points);
  const auto attached = interfaces_->attach(*points, kFeatures);
  ASSERT_FALSE(attached);
  EXPECT_THAT(attached.error().message(), HasSubstr("lo"));
  EXPECT_FALSE(has_program("a0"));
}

TEST_F(InterfacesTest, AnUndoneAttachLeavesWhatIsLive) {
  change_to({"a0"});
  const auto points = find({"a0", "a1"});
  ASSERT_DONE(points);
  ASSERT_DONE(interfaces_->attach(*points, kFeatures));
  EXPECT_TRUE(has_program("a1"));
  interfaces_->undo_attach(*points);
  EXPECT_TRUE(has_program("a0"));
  EXPECT_FALSE(has_program("a1"));
}

TEST_F(InterfacesTest, WhatIsNotKeptIsDetached) {
  change_to({"a0"});
  change_to({"a1"});
  EXPECT_FALSE(has_program("a0"));
  EXPECT_TRUE(has_program("a1"));
  EXPECT_FALSE(interfaces_->describe("a0").attached);
  EXPECT_TRUE(interfaces_->describe("a1").attached);
  EXPECT_EQ(interfaces_->describe("a1").device, "a1");
}

TEST_F(InterfacesTest, ALiveInterfaceMayBeGoneButANewOneMayNot) {
  change_to({"a0"});
  sh("ip link del a0");
  interfaces_->on_links(links());
  EXPECT_TRUE(find({"a0"}));
  const auto refused = find({"a0", "a1"});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("there is no interface 'a1'"));
}

TEST_F(InterfacesTest, AnInterfaceThatComesBackHasTheProgramAgain) {
  change_to({"a0"});
  sh("ip link del a0");
  interfaces_->on_links(links());
  EXPECT_FALSE(interfaces_->describe("a0").attached);
  make_links();
  interfaces_->on_links(links());
  EXPECT_TRUE(has_program("a0"));
  EXPECT_TRUE(interfaces_->describe("a0").attached);
}

TEST_F(InterfacesTest, ARenamedInterfaceKeepsTheProgram) {
  change_to({"a0"});
  sh("ip link set a0 down && ip link set a0 name b0 && ip link set b0 up");
  interfaces_->on_links(links());
  EXPECT_TRUE(has_program("b0"));
  EXPECT_TRUE(interfaces_->describe("a0").attached);
  EXPECT_EQ(interfaces_->describe("a0").device, "b0");
}

// Packets need what an earlier daemon left until the first configuration is live.
TEST_F(InterfacesTest, AStartKeepsTheVlansOfAnEarlierDaemon) {
  constexpr uint32_t kVlanDevice = 77;
  HashMap<uint32_t, pinion_vlan_device> devices;
  ASSERT_DONE(program_->open_into(devices, "vlan_devices"));
  ASSERT_DONE(devices.put(kVlanDevice, {.device = if_nametoindex("a0")}));
  interfaces_->on_links(links());
  const auto points = find({"a0", "lo"});
  ASSERT_DONE(points);
  ASSERT_FALSE(interfaces_->attach(*points, kFeatures));
  EXPECT_TRUE(devices.get(kVlanDevice));
  change_to({"a0"});
  EXPECT_FALSE(devices.get(kVlanDevice));
}

}  // namespace
}  // namespace pinion
