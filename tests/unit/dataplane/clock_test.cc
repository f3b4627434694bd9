// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/clock.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>

#include <chrono>
#include <thread>
#include <vector>

#include "balancer/dataplane/connections.h"
#include "balancer/dataplane/plans.h"
#include "tests/unit/dataplane/plane.h"

namespace pinion {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint32_t kLoopback = 1;
constexpr uint32_t kVip = 0x0a000001, kClient = 0x0a010009;

uint32_t monotonic_ticks() { return static_cast<uint32_t>(now_ns() >> PINION_TICK_SHIFT); }

// From `from` on to `to`; negative: `to` was before it.
int32_t ticks_between(uint32_t from, uint32_t to) { return static_cast<int32_t>(to - from); }

// Until the end of the scope this thread runs nowhere else.
class OnCpu {
 public:
  explicit OnCpu(size_t cpu) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_getaffinity(0, sizeof(before_), &before_);
    EXPECT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  }
  ~OnCpu() { sched_setaffinity(0, sizeof(before_), &before_); }

  static std::vector<size_t> all() {
    cpu_set_t set;
    std::vector<size_t> cpus;
    sched_getaffinity(0, sizeof(set), &set);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
    return cpus;
  }

 private:
  cpu_set_t before_;
};

// A data plane with one service, and one client of it.
class ClockTest : public Plane {
 protected:
  void SetUp() override {
    Plane::SetUp();
    if (!program_) return;
    auto tables = Tables::open(*program_, director_.limits);
    ASSERT_DONE(tables);
    tables->set_timeouts(
        {seconds(100), seconds(100), seconds(100), seconds(100), seconds(100), seconds(100)});
    const pinion_real_server server{.next_hop = {2, 0, 0, 0, 1, 1},
                                    .flags = PINION_SERVER_USED | PINION_SERVER_ACCEPTS,
                                    .source = {2, 0, 0, 0, 0, 0xcc},
                                    .ifindex = kLoopback,
                                    .mtu = 1500};
    const ServiceKey key{
        ServiceMap::kExact,
        0,
        {.addr = {0, 0, htonl(0xffff), htonl(kVip)}, .protocol = IPPROTO_TCP, .port = htons(80)}};
    Change change;
    change.servers = {{.index = 1, .after = server}};
    change.slots = {{.base = 0, .references = {1}}};
    change.services = {{.key = key, .after = pinion_service{1, 0, 1, PINION_SELECT_HASH, {}}}};
    ASSERT_DONE(tables->apply(change));
    pin();
  }

  // What a packet of the client finds the time to be, by the connection that it leaves.
  uint32_t time_of_a_packet(const Program& program) {
    std::vector<uint8_t> frame = {2, 0, 0, 0, 0, 0xaa, 2, 0, 0, 0, 0, 0xbb, 8, 0};
    for (const uint32_t word : {0x45000028u, 0x12344000u, 0x40060000u, kClient, kVip, 0x9c400050u,
                                1u, 0u, 0x50022000u, 0u})
      for (int shift = 24; shift >= 0; shift -= 8)
        frame.push_back(static_cast<uint8_t>(word >> shift));
    xdp_md context{.data_end = static_cast<uint32_t>(frame.size()), .ingress_ifindex = kLoopback};
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = frame.data();
    options.data_size_in = static_cast<uint32_t>(frame.size());
    options.ctx_in = &context;
    options.ctx_size_in = sizeof(context);
    EXPECT_EQ(bpf_prog_test_run_opts(program.fd(), &options), 0);
    EXPECT_EQ(options.retval, static_cast<uint32_t>(XDP_TX));
    return connection().seen;
  }

  // The only one there is.
  pinion_connection& connection() {
    const uint32_t buckets = groups4(director_.connections) * PINION_GROUP4;
    if (memory_.size() == 0) {
      EXPECT_TRUE(program_->map_into(memory_, "connections4", buckets));
    }
    for (uint32_t bucket = 0; bucket < buckets; ++bucket)
      for (pinion_entry4& entry : memory_[bucket].entry)
        if (entry.connection.word) return entry.connection;
    ADD_FAILURE() << "the packet has left no connection";
    return memory_[0].entry[0].connection;
  }

  // A packet reads its time between two readings of the daemon's.
  void expect_in_step(const Program& program, const Clock& clock, size_t daemon_cpu,
                      size_t packet_cpu) {
    const OnCpu there(daemon_cpu);
    const uint32_t before = clock.now();
    uint32_t seen = 0;
    {
      const OnCpu here(packet_cpu);
      seen = time_of_a_packet(program);
    }
    const uint32_t after = clock.now();
    EXPECT_GE(ticks_between(before, seen), 0) << before << " " << seen << " " << after;
    EXPECT_GE(ticks_between(seen, after), 0) << before << " " << seen << " " << after;
  }

  // Adopts the tables with a clock that wraps soon, but not before that is done.
  void adopt_before_the_wrap() {
    MappedArray<pinion_settings> settings;
    ASSERT_DONE(program_->map_into(settings, "settings", 1));
    for (uint32_t ahead = 500;; ahead *= 2) {
      settings[0].tick_offset -= program_->clock().now() + ahead;
      auto next = load_again();
      ASSERT_DONE(next);
      *program_ = std::move(*next);
      ASSERT_EQ(program_->clock().offset(), settings[0].tick_offset);
      if (ticks_between(0, program_->clock().now()) < 0) return;
    }
  }

  MappedArray<pinion_bucket4> memory_;
};

TEST_F(ClockTest, BeginsWithClockMonotonicAndKeepsItsPace) {
  const Clock& clock = program_->clock();
  const int32_t jiffy = static_cast<int32_t>(clock.ns_per_jiffy() >> PINION_TICK_SHIFT) + 1;
  const auto end = std::chrono::steady_clock::now() + milliseconds(300);
  while (std::chrono::steady_clock::now() < end) {
    const uint32_t before = monotonic_ticks();
    const uint32_t now = clock.now();
    const uint32_t after = monotonic_ticks();
    ASSERT_GE(ticks_between(before, now), -jiffy - 2);
    ASSERT_GE(ticks_between(now, after), -jiffy - 2);
    std::this_thread::sleep_for(milliseconds(1));
  }
}

TEST_F(ClockTest, IsThePacketsClockOnEachCpu) {
  const std::vector<size_t> cpus = OnCpu::all();
  for (const size_t daemon : cpus)
    for (const size_t packet : cpus)
      for (int i = 0; i < 20; ++i) expect_in_step(*program_, program_->clock(), daemon, packet);
}

TEST_F(ClockTest, WrapsWithThePackets) {
  ASSERT_NO_FATAL_FAILURE(adopt_before_the_wrap());
  const std::vector<size_t> cpus = OnCpu::all();
  auto table = ConnectionTable::open(*program_, director_, false);
  ASSERT_DONE(table);
  ConnectionTable::Swept swept;
  size_t packets = 0;
  do {
    const size_t cpu = cpus[packets++ % cpus.size()];
    expect_in_step(*program_, program_->clock(), cpus.front(), cpu);
    table->sweep(0, table->size(), swept);
    table->visit(0, table->size(), [](const ConnectionEntry& entry) {
      EXPECT_LT(milliseconds_of(entry.idle), seconds(5));
    });
  } while (!HasFailure() && ticks_between(50, connection().seen) < 0);
  EXPECT_EQ(swept.expired, 0u);
  EXPECT_EQ(swept.states[PINION_STATE_SYN_RECEIVED], packets);
}

TEST_F(ClockTest, GoesOnWhereNobodyReadsIt) {
  const uint32_t seen = time_of_a_packet(*program_);
  std::this_thread::sleep_for(milliseconds(500));
  const auto next = load_again();
  ASSERT_DONE(next);
  EXPECT_EQ(next->clock().offset(), program_->clock().offset());
  EXPECT_GE(milliseconds_of(next->clock().now() - seen), milliseconds(480));
  for (const size_t cpu : OnCpu::all()) expect_in_step(*program_, next->clock(), cpu, cpu);
}

TEST(Clock, StandsStillWhereTheKernelDoesNotTell) {
  const Clock none(Fd(open("/dev/null", O_RDONLY | O_CLOEXEC)), 1, 7);
  EXPECT_EQ(none.now(), 7u);
  EXPECT_EQ(none.now(), 7u);
}

}  // namespace
}  // namespace pinion
