// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/early_fragments.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <net/ethernet.h>

#include <algorithm>
#include <array>
#include <thread>

#include "balancer/bpf/service/vip_filter.h"
#include "balancer/dataplane/counters.h"
#include "tests/unit/dataplane/plane.h"

namespace pinion {
namespace {

constexpr uint32_t kLoopback = 1;
constexpr uint32_t kVip = 0x0a000001, kClient = 0x0a010009;

class EarlyFragmentsTest : public Plane {
 protected:
  void SetUp() override {
    Plane::SetUp();
    if (IsSkipped()) return;
    MappedArray<pinion_vip_filter> vips;
    ASSERT_DONE(program_->map_into(vips, "vips", 1));
    const __be32 vip[4] = {0, 0, htonl(0xffff), htonl(kVip)};
    pinion_vip_set(&vips[0], vip);
    ASSERT_DONE(program_->map_into(servers_, "real_servers", director_.limits.servers + 1));
    servers_[1] = {.next_hop = {2, 0, 0, 0, 1, 1},
                   .flags = PINION_SERVER_USED,
                   .source = {2, 0, 0, 0, 0, 0xcc},
                   .ifindex = kLoopback,
                   .mtu = 1500};
    ASSERT_DONE(program_->open_into(firsts_, "fragments"));
    auto early = EarlyFragments::open(*program_, [this](uint32_t ifindex, const auto& frame) {
      sent_.emplace_back(ifindex, frame);
      return Result<>();
    });
    ASSERT_DONE(early);
    early_ = std::make_unique<EarlyFragments>(std::move(*early));
  }

  // The last fragment of a UDP datagram to the VIP.
  static std::vector<uint8_t> fragment() {
    std::vector<uint8_t> frame = {2, 0, 0, 0, 0, 0xaa, 2, 0, 0, 0, 0, 0xbb, 8, 0};
    for (const uint32_t word : {0x4500001cu, 0x12340100u, 0x40110000u, kClient, kVip, 1u, 2u})
      for (int shift = 24; shift >= 0; shift -= 8)
        frame.push_back(static_cast<uint8_t>(word >> shift));
    return frame;
  }

  void comes_in() {
    std::vector<uint8_t> frame = fragment();
    xdp_md context{.data_end = static_cast<uint32_t>(frame.size()), .ingress_ifindex = kLoopback};
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = frame.data();
    options.data_size_in = static_cast<uint32_t>(frame.size());
    options.ctx_in = &context;
    options.ctx_size_in = sizeof(context);
    ASSERT_EQ(bpf_prog_test_run_opts(program_->fd(), &options), 0);
  }

  pinion_fragment_key key() const {
    return {.saddr = {0, 0, htonl(0xffff), htonl(kClient)},
            .daddr = {0, 0, htonl(0xffff), htonl(kVip)},
            .id = htons(0x1234),
            .protocol = IPPROTO_UDP};
  }

  uint64_t verdict(pinion_verdict one) {
    const auto counters = Counters::open(*program_, director_.limits);
    return counters ? counters->verdicts()[one] : 0;
  }

  MappedArray<pinion_real_server> servers_;
  HashMap<pinion_fragment_key, pinion_fragment> firsts_;
  std::vector<std::pair<uint32_t, std::vector<uint8_t>>> sent_;
  std::unique_ptr<EarlyFragments> early_;
};

TEST_F(EarlyFragmentsTest, GoAfterTheFirst) {
  comes_in();
  EXPECT_TRUE(early_->empty());
  early_->receive();
  early_->process_ready();
  EXPECT_FALSE(early_->empty());
  EXPECT_TRUE(sent_.empty());

  ASSERT_DONE(firsts_.put(key(), {.seen = program_->clock().now(),
                                  .reference = 1,
                                  .ifindex = kLoopback,
                                  .verdict = PINION_FORWARD_NEW}));
  early_->process_ready();
  EXPECT_TRUE(early_->empty());
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_EQ(sent_[0].first, kLoopback);
  std::vector<uint8_t> out = fragment();
  std::copy_n(std::array<uint8_t, 12>{2, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0, 0xcc}.begin(), 12,
              out.begin());
  EXPECT_EQ(sent_[0].second, out);
  EXPECT_EQ(verdict(PINION_HOLD_FRAGMENT), 1u);
  EXPECT_EQ(verdict(PINION_FORWARD_FRAGMENT), 1u);
}

TEST_F(EarlyFragmentsTest, GoToTheStackWhereTheFirstWent) {
  comes_in();
  early_->receive();
  ASSERT_DONE(
      firsts_.put(key(), {.seen = program_->clock().now(), .verdict = PINION_PASS_NOT_OURS}));
  early_->process_ready();
  EXPECT_TRUE(early_->empty());
  EXPECT_TRUE(sent_.empty());
  EXPECT_EQ(verdict(PINION_PASS_FRAGMENT), 1u);
}

TEST_F(EarlyFragmentsTest, AreGivenUpAfterAMoment) {
  comes_in();
  early_->receive();
  std::this_thread::sleep_for(EarlyFragments::kPatience / 2);
  early_->process_ready();
  EXPECT_FALSE(early_->empty());
  std::this_thread::sleep_for(EarlyFragments::kPatience);
  early_->process_ready();
  EXPECT_TRUE(early_->empty());
  EXPECT_TRUE(sent_.empty());
  EXPECT_EQ(verdict(PINION_DROP_FRAGMENT), 1u);

  comes_in();  // And so are those that come later, at once.
  early_->receive();
  EXPECT_TRUE(early_->empty());
  EXPECT_EQ(verdict(PINION_DROP_FRAGMENT), 2u);
}

}  // namespace
}  // namespace pinion
