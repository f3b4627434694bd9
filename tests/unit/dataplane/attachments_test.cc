// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/attachments.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>

#include <cstdlib>
#include <map>

#include "tests/unit/dataplane/plane.h"

namespace pinion {
namespace {

using config::XdpMode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

void sh(const std::string& command) { ASSERT_EQ(std::system(command.c_str()), 0) << command; }

Fd namespace_of_thread() { return Fd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)); }

std::string pin_of(uint32_t ifindex) { return "link_" + std::to_string(ifindex); }

uint32_t id_of(const Program& program) {
  bpf_prog_info info{};
  uint32_t length = sizeof(info);
  return bpf_obj_get_info_by_fd(program.fd(), &info, &length) == 0 ? info.id : 0;
}

uint32_t id_of(const Fd& link) {
  bpf_link_info info{};
  uint32_t length = sizeof(info);
  return bpf_obj_get_info_by_fd(link.get(), &info, &length) == 0 ? info.id : 0;
}

// In a network namespace without a name: v0, whose driver can XDP, and lo, whose driver cannot.
class AttachmentsTest : public Plane {
 protected:
  void SetUp() override {
    Plane::SetUp();
    if (!program_) return;
    home_ = namespace_of_thread();
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    sh("ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up");
  }

  void TearDown() override {
    if (home_) setns(home_.get(), CLONE_NEWNET);
    Plane::TearDown();
  }

  Attachments attachments(XdpMode mode = XdpMode::kAuto) { return {*pins_, *program_, mode}; }

  static uint32_t index(const char* name) { return if_nametoindex(name); }

  // The program on the interface, as the kernel tells it; the mode is XDP_ATTACHED_*.
  static bpf_xdp_query_opts on(const char* interface) {
    LIBBPF_OPTS(bpf_xdp_query_opts, query);
    EXPECT_EQ(bpf_xdp_query(static_cast<int>(index(interface)), 0, &query), 0);
    return query;
  }

  // The daemon dies, and the next one loads its program.
  void next_daemon() {
    auto next = load_again();
    ASSERT_DONE(next);
    ASSERT_TRUE(next->adopted());
    *program_ = std::move(*next);
  }

 private:
  Fd home_;
};

TEST_F(AttachmentsTest, NativeWhereTheDriverCan) {
  auto ours = attachments();
  ASSERT_DONE(ours.attach("v0", index("v0")));
  ASSERT_DONE(ours.attach("lo", index("lo")));
  EXPECT_TRUE(ours.all().at("v0").native);
  EXPECT_FALSE(ours.all().at("lo").native);
  EXPECT_EQ(on("v0").attach_mode, XDP_ATTACHED_DRV);
  EXPECT_EQ(on("v0").prog_id, id_of(*program_));
  EXPECT_EQ(on("lo").attach_mode, XDP_ATTACHED_SKB);
}

TEST_F(AttachmentsTest, AForcedModeIsKept) {
  auto generic = attachments(XdpMode::kGeneric);
  ASSERT_DONE(generic.attach("v0", index("v0")));
  EXPECT_EQ(on("v0").attach_mode, XDP_ATTACHED_SKB);
  auto native = attachments(XdpMode::kNative);
  const auto refused = native.attach("lo", index("lo"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("lo"));
  EXPECT_THAT(refused.error().message(), HasSubstr("director.xdp: auto"));
}

TEST_F(AttachmentsTest, AttachingTwiceChangesNothing) {
  auto ours = attachments();
  ASSERT_DONE(ours.attach("v0", index("v0")));
  const uint32_t link = id_of(ours.all().at("v0").link);
  ASSERT_DONE(ours.attach("v0", index("v0")));
  EXPECT_EQ(id_of(ours.all().at("v0").link), link);
}

TEST_F(AttachmentsTest, DetachTakesItOff) {
  auto ours = attachments();
  ASSERT_DONE(ours.attach("v0", index("v0")));
  ours.detach("v0");
  EXPECT_EQ(on("v0").prog_id, 0u);
  EXPECT_THAT(pins_->names("link_"), IsEmpty());
}

TEST_F(AttachmentsTest, TheNextDaemonReplacesTheProgramInTheLink) {
  pin();
  uint32_t link = 0;
  {
    auto first = attachments();
    ASSERT_DONE(first.attach("v0", index("v0")));
    link = id_of(first.all().at("v0").link);
  }
  EXPECT_NE(on("v0").prog_id, 0u) << "it holds without a daemon";
  next_daemon();
  auto second = attachments();
  ASSERT_DONE(second.attach("v0", index("v0")));
  EXPECT_TRUE(second.all().at("v0").adopted);
  EXPECT_EQ(id_of(second.all().at("v0").link), link) << "the same link: it was never off";
  EXPECT_EQ(on("v0").prog_id, id_of(*program_));
}

TEST_F(AttachmentsTest, AProgramThatHasLearnedTakesItsPlaceInEachLink) {
  auto ours = attachments();
  ASSERT_DONE(ours.attach("v0", index("v0")));
  ASSERT_DONE(ours.attach("lo", index("lo")));
  ASSERT_DONE(ours.attach("v1", index("v1")));
  sh("ip link del v1");
  sh("ip link add v0 type veth peer name v1");
  const uint32_t link = id_of(ours.all().at("lo").link);
  ASSERT_DONE(program_->extend({.methods = 1u << PINION_METHOD_LOCAL}));
  EXPECT_NE(on("lo").prog_id, id_of(*program_));
  ASSERT_DONE(ours.replace());
  EXPECT_EQ(on("lo").prog_id, id_of(*program_));
  EXPECT_EQ(id_of(ours.all().at("lo").link), link) << "the same link: it was never off";
  EXPECT_EQ(on("v0").prog_id, 0u) << "not the interface that it was on";
}

TEST_F(AttachmentsTest, UndoLeavesOnWhatAnEarlierDaemonPutThere) {
  pin();
  ASSERT_DONE(attachments().attach("v0", index("v0")));
  next_daemon();
  auto second = attachments();
  ASSERT_DONE(second.attach("v0", index("v0")));
  ASSERT_DONE(second.attach("lo", index("lo")));
  second.undo("v0");
  second.undo("lo");
  EXPECT_NE(on("v0").prog_id, 0u);
  EXPECT_EQ(on("lo").prog_id, 0u);
  EXPECT_THAT(pins_->names("link_"), ElementsAre(pin_of(index("v0"))));
}

TEST_F(AttachmentsTest, TakesOverInAnotherMode) {
  pin();
  ASSERT_DONE(attachments().attach("v0", index("v0")));
  next_daemon();
  auto generic = attachments(XdpMode::kGeneric);
  ASSERT_DONE(generic.attach("v0", index("v0")));
  EXPECT_EQ(on("v0").attach_mode, XDP_ATTACHED_SKB);
  EXPECT_EQ(on("v0").prog_id, id_of(*program_));
}

TEST_F(AttachmentsTest, AModeThatFailsGivesBackTheOther) {
  pin();
  ASSERT_DONE(attachments().attach("lo", index("lo")));
  next_daemon();
  auto native = attachments(XdpMode::kNative);
  const auto refused = native.attach("lo", index("lo"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("native"));
  EXPECT_EQ(on("lo").attach_mode, XDP_ATTACHED_SKB);
  EXPECT_EQ(on("lo").prog_id, id_of(*program_));
  EXPECT_THAT(pins_->names("link_"), ElementsAre(pin_of(index("lo")))) << "the next one finds it";
  EXPECT_THAT(native.all(), IsEmpty());
}

TEST_F(AttachmentsTest, FindsTheInterfaceUnderAnotherName) {
  pin();
  ASSERT_DONE(attachments().attach("v0", index("v0")));
  sh("ip link set v0 down && ip link set v0 name lan.0 && ip link set lan.0 up");
  next_daemon();
  auto second = attachments();
  ASSERT_DONE(second.attach("lan.0", index("lan.0")));
  second.detach_others();
  EXPECT_EQ(on("lan.0").prog_id, id_of(*program_));
}

TEST_F(AttachmentsTest, ANewNameForAnInterfaceTakesNothingOff) {
  auto ours = attachments();
  ASSERT_DONE(ours.attach("v0", index("v0")));
  sh("ip link set v0 down && ip link set v0 name lan0 && ip link set lan0 up");
  ASSERT_DONE(ours.attach("lan0", index("lan0")));
  ours.detach("v0");
  EXPECT_EQ(on("lan0").prog_id, id_of(*program_));
  ours.detach("lan0");
  EXPECT_EQ(on("lan0").prog_id, 0u);
}

TEST_F(AttachmentsTest, AnInterfaceThatIsMadeAnewIsAttachedAnew) {
  auto ours = attachments();
  const uint32_t before = index("v0");
  ASSERT_DONE(ours.attach("v0", before));
  sh("ip link del v0 && ip link add v0 type veth peer name v1");
  ASSERT_DONE(ours.attach("v0", index("v0")));
  EXPECT_EQ(on("v0").prog_id, id_of(*program_));
  EXPECT_THAT(pins_->names("link_"), ElementsAre(pin_of(index("v0"))));
}

TEST_F(AttachmentsTest, AnInterfaceThatIsMadeAnewWithItsOldIndexToo) {
  auto ours = attachments();
  const std::string number = std::to_string(index("v0"));
  ASSERT_DONE(ours.attach("v0", index("v0")));
  sh("ip link del v0 && ip link add v0 index " + number + " type veth peer name v1");
  ASSERT_EQ(std::to_string(index("v0")), number);
  ASSERT_DONE(ours.attach("v0", index("v0")));
  EXPECT_EQ(on("v0").prog_id, id_of(*program_));
}

TEST_F(AttachmentsTest, TakesOffWhatIsNoLongerWanted) {
  pin();
  {
    auto first = attachments();
    ASSERT_DONE(first.attach("v0", index("v0")));
    ASSERT_DONE(first.attach("lo", index("lo")));
  }
  next_daemon();
  auto second = attachments();
  ASSERT_DONE(second.attach("v0", index("v0")));
  second.detach_others();
  EXPECT_NE(on("v0").prog_id, 0u);
  EXPECT_EQ(on("lo").prog_id, 0u);
  EXPECT_THAT(pins_->names("link_"), ElementsAre(pin_of(index("v0"))));
}

// Whatever the bond is: lo has no native XDP, as some bonds have none, and v0 has.
TEST_F(AttachmentsTest, ABondsProgramIsItsPortsNatively) {
  auto ours = attachments();
  const std::map<std::string, uint32_t> ports = {{"lo", index("lo")}};
  ASSERT_DONE(ours.attach_bond("v0", index("v0"), ports));
  EXPECT_EQ(on("v0").attach_mode, XDP_ATTACHED_DRV);
  EXPECT_EQ(on("lo").prog_id, 0u);
}

TEST_F(AttachmentsTest, ElseItIsPutOnEachPort) {
  auto ours = attachments();
  std::map<std::string, uint32_t> ports = {{"v0", index("v0")}};
  ASSERT_DONE(ours.attach_bond("lo", index("lo"), ports));
  EXPECT_EQ(on("v0").attach_mode, XDP_ATTACHED_SKB);
  EXPECT_EQ(on("lo").prog_id, 0u);
  ports.emplace("v1", index("v1"));
  ASSERT_DONE(ours.attach_bond("lo", index("lo"), ports));
  EXPECT_EQ(on("v1").attach_mode, XDP_ATTACHED_SKB);
  EXPECT_THAT(pins_->names("link_"),
              testing::UnorderedElementsAre(pin_of(index("v0")), pin_of(index("v1"))));
}

TEST_F(AttachmentsTest, ABondsForcedModeIsKept) {
  const std::map<std::string, uint32_t> ports = {{"v0", index("v0")}};
  const auto refused = attachments(XdpMode::kNative).attach_bond("lo", index("lo"), ports);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("attach XDP (native) to lo"));
  EXPECT_EQ(on("v0").prog_id, 0u);
  // An earlier daemon's is in the way: the kernel lets not both have one.
  ASSERT_DONE(attachments(XdpMode::kNative).attach("v1", index("v1")));
  ASSERT_DONE(attachments(XdpMode::kGeneric).attach_bond("v1", index("v1"), ports));
  EXPECT_EQ(on("v1").prog_id, 0u);
  EXPECT_EQ(on("v0").attach_mode, XDP_ATTACHED_SKB);
}

// Of another instance, but it might be anybody's.
class OtherProgram : public AttachmentsTest,
                     public testing::WithParamInterface<std::pair<XdpMode, XdpMode>> {};

TEST_P(OtherProgram, IsLeftAloneAndNamed) {
  auto pins = Pins::open(director_.instance + "-other");
  ASSERT_DONE(pins);
  Attachments theirs(*pins, *program_, GetParam().first);
  ASSERT_DONE(theirs.attach("v0", index("v0")));
  const auto refused = attachments(GetParam().second).attach("v0", index("v0"));
  EXPECT_NE(on("v0").prog_id, 0u);
  pins->remove_all("");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("another XDP program is there"));
  EXPECT_THAT(refused.error().message(), HasSubstr("ip link show v0"));
}

INSTANTIATE_TEST_SUITE_P(Modes, OtherProgram,
                         testing::Values(std::pair(XdpMode::kNative, XdpMode::kAuto),
                                         std::pair(XdpMode::kGeneric, XdpMode::kAuto),
                                         std::pair(XdpMode::kNative, XdpMode::kGeneric),
                                         std::pair(XdpMode::kGeneric, XdpMode::kNative)));

}  // namespace
}  // namespace pinion
