// SPDX-License-Identifier: Apache-2.0
// Several threads insert, look up, change and end connections in a small table while another one
// sweeps it; and readers of an entry that changes under them. Built with ThreadSanitizer too.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/unit/bpf/native_table.h"

namespace pinion::test {
namespace {

constexpr uint32_t kFlows = 400;  // More than there are places: they displace each other.
constexpr uint32_t kPlaces = 256;
constexpr int kWorkers = 4;
constexpr int kSteps = 200'000;

template <typename Family>
class Threads : public testing::Test {
 protected:
  // Each flow has a server of its own, so that a mixed-up connection shows itself.
  void step(std::mt19937& random) {
    const auto number = static_cast<uint32_t>(random() % kFlows);
    const auto flow = numbered_flow<Family>(number);
    const uint32_t now = now_.load(std::memory_order_relaxed);
    pinion_found found;
    if (!table_.find(flow, found)) {
      const auto state =
          static_cast<uint8_t>(random() % 2 ? PINION_STATE_SYN_RECEIVED : PINION_STATE_UDP);
      inserted_ += table_.insert(flow, number, state, now).done;
      return;
    }
    ++found_;
    mixed_up_ += found.link.server != number;
    PINION_STORE(found.connection->seen, now);
    change(found, static_cast<pinion_event>(random() % PINION_EVENT_COUNT), random() % 16 == 0);
  }

  void change(const pinion_found& found, pinion_event event, bool end) {
    uint8_t next = pinion_next_state(pinion_state_of(found.word), event);
    if (next == PINION_STATE_RESTART) next = PINION_STATE_SYN_RECEIVED;
    if (end)
      table_.end(found);
    else
      table_.move(found, next);
  }

  void work(unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < kSteps; ++i) step(random);
    --working_;
  }

  void sweep() {
    while (working_.load()) {
      now_ += kSynTimeout;
      swept_ += table_.sweep(now_.load());
    }
  }

  NativeTable<Family> table_{kPlaces / (Family::kShape.group * PINION_WAYS), kFlows, 5};
  std::atomic<uint32_t> now_{1000};
  std::atomic<int> working_{kWorkers};
  std::atomic<size_t> inserted_{0}, found_{0}, mixed_up_{0}, swept_{0};
};

using Families = testing::Types<Ipv4, Ipv6>;
TYPED_TEST_SUITE(Threads, Families);

TYPED_TEST(Threads, NobodySeesAnothersServerAndTheLoadStaysExact) {
  std::vector<std::thread> threads;
  for (unsigned worker = 0; worker < kWorkers; ++worker)
    threads.emplace_back([this, worker] { this->work(worker); });
  threads.emplace_back([this] { this->sweep(); });
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(this->mixed_up_, 0u);
  EXPECT_EQ(pairs(this->table_.load), pairs(this->table_.recount()));
  EXPECT_GT(this->inserted_, kPlaces) << "nothing was displaced";
  EXPECT_GT(this->found_, 0u);
  EXPECT_GT(this->swept_, 0u);
}

// One entry that is now one flow's and now another's, as fast as can be, while others look for the
// first flow in it.
template <typename Family>
class OneEntry : public testing::Test {
 protected:
  static const pinion_word* words(const typename Family::Flow& flow) {
    return reinterpret_cast<const pinion_word*>(&flow);
  }

  void become(const typename Family::Flow& flow, uint32_t server) {
    pinion_found claim{};
    uint8_t displaced;
    // Half-open, so that the other writer may displace it at once.
    if (pinion_claim({&entry_.connection, 1}, 1, &settings_, &claim, &displaced))
      pinion_publish(&claim, words(flow), Family::kShape, pinion_link_to(server),
                     PINION_STATE_SYN_RECEIVED, 1);
  }

  void write() {
    while (!done_.load(std::memory_order_relaxed))
      for (uint32_t server = 0; server < 8; ++server) become(server % 2 ? theirs_ : ours_, server);
  }

  void read() {
    while (matches_ < kMatches) {
      pinion_found found{};
      if (!pinion_match(&entry_.connection, words(ours_), Family::kShape, &found)) continue;
      ++matches_;
      mixed_up_ += found.link.server % 2;
    }
    done_ = true;
  }

  static constexpr size_t kMatches = 300'000;
  const typename Family::Flow ours_ = numbered_flow<Family>(1);
  const typename Family::Flow theirs_ = numbered_flow<Family>(2);
  const pinion_settings settings_ = make_settings(1);
  typename Family::Entry entry_{};
  std::atomic<bool> done_{false};
  size_t matches_ = 0, mixed_up_ = 0;
};

TYPED_TEST_SUITE(OneEntry, Families);

TYPED_TEST(OneEntry, IsNeverReadWithAnothersServer) {
  std::thread writer([this] { this->write(); });
  this->read();
  writer.join();
  EXPECT_EQ(this->mixed_up_, 0u);
}

}  // namespace
}  // namespace pinion::test
