// SPDX-License-Identifier: Apache-2.0
// Two CPUs that look for local ends by full NAT at the same time, where there are fewer than they
// want. Built with ThreadSanitizer too.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <utility>

#include "tests/unit/bpf/native/stages.h"

namespace pinion::test {
namespace {

constexpr uint32_t kPairs = 6;
constexpr uint32_t kClients = 4;  // Of each CPU.
constexpr uint32_t kRounds = 20'000;

// Lets two threads go on together. It spins: to be woken would take longer than a packet does.
// Where there is no second CPU for the other one, it gets this one.
class Together {
 public:
  void wait() {
    const uint32_t mine = arrived_.fetch_add(1);
    for (uint32_t spins = 1; arrived_.load() / 2 == mine / 2; ++spins)
      if (spins % 1000 == 0) std::this_thread::yield();
  }

 private:
  std::atomic<uint32_t> arrived_ = 0;
};

// Of which family the clients of either CPU are; all have the same real server.
struct Clients {
  const char* name;
  bool v6[2];
  friend void PrintTo(const Clients& c, std::ostream* out) { *out << c.name; }
};

class LocalPorts : public testing::TestWithParam<Clients> {
 protected:
  static void ask(uint32_t cpu) {
    for (uint32_t client = 0; client < kClients; ++client)
      stages_ask(cpu << 16 | client, GetParam().v6[cpu]);
  }

  // By local port, whose it is: the family of the table, and the place there.
  using Pairs = std::map<uint16_t, std::pair<bool, uint32_t>>;
  static Pairs pairs(bool replies) {
    Pairs pairs;
    for (const bool v6 : {false, true})
      for (uint32_t place = 0; place < STAGES_PLACES; ++place) {
        const stages_half half = stages_half_at(place, v6);
        if (half.state == PINION_STATE_FREE || (half.is_reply != 0) != replies) continue;
        EXPECT_TRUE(pairs.try_emplace(half.local_port, v6, half.connection).second)
            << "two " << (replies ? "reply halves" : "connections") << " of a pair";
      }
    return pairs;
  }
};

TEST_P(LocalPorts, AreOneConnectionsEach) {
  Together begin, end;
  std::thread other([&] {
    for (uint32_t round = 0; round < kRounds; ++round) {
      begin.wait();
      ask(1);
      end.wait();
    }
  });
  uint64_t taken = 0;
  for (uint32_t round = 0; round < kRounds; ++round) {
    if (!HasFailure()) stages_reset(kPairs);
    begin.wait();
    ask(0);
    end.wait();
    if (HasFailure()) continue;  // What has been found stays.
    const Pairs forward = pairs(false);
    EXPECT_EQ(forward, pairs(true)) << "a connection without a reply half, or the reverse";
    EXPECT_EQ(stages_load().inactive, forward.size());
    EXPECT_EQ(forward.count(0), 0u) << "a connection without a pair";
    taken += forward.size();
  }
  other.join();
  // Where two want the last pair at once, both may let go of it.
  EXPECT_GT(taken, uint64_t{kRounds} * kPairs * 9 / 10);
}

const Clients kCases[] = {
    {"BothIpv4", {false, false}}, {"BothIpv6", {true, true}}, {"OneOfEach", {false, true}}};

INSTANTIATE_TEST_SUITE_P(All, LocalPorts, testing::ValuesIn(kCases),
                         [](const auto& at) { return std::string(at.param.name); });

}  // namespace
}  // namespace pinion::test
