// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/sweeper.h"

#include <time.h>

#include <algorithm>

namespace pinion {
namespace {

constexpr auto kPause = std::chrono::milliseconds(100);
constexpr uint64_t kSteps = 50;             // A complete sweep of a small table.
constexpr uint64_t kLargestStep = 1 << 17;  // Entries.

std::chrono::nanoseconds cpu_time() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace

void Sweeper::add(std::string family, ConnectionTable& table, uint64_t capacity) {
  TableSnapshot snapshot;
  snapshot.family = std::move(family);
  snapshot.capacity = capacity;
  snapshot.entries = table.size();
  targets_.push_back({&table, std::move(snapshot)});
}

asio::awaitable<void> Sweeper::run() {
  for (;;)
    for (Target& target : targets_) co_await sweep(target);
}

asio::awaitable<void> Sweeper::sweep(Target& target) {
  const uint64_t size = target.table->size();
  const uint64_t step = std::clamp<uint64_t>(size / kSteps, 1, kLargestStep);
  asio::steady_timer timer(co_await asio::this_coro::executor);
  ConnectionTable::Swept swept;
  std::chrono::nanoseconds used{};
  for (uint64_t from = 0; from < size || from == 0; from += step) {
    const auto before = cpu_time();
    target.table->sweep(from, std::min(from + step, size), swept);
    used += cpu_time() - before;
    // The first sweep does not pause, so that soon after a start it is known how full the tables
    // are.
    timer.expires_after(target.snapshot.sweeps ? kPause : std::chrono::milliseconds(0));
    co_await timer.async_wait(asio::use_awaitable);
  }
  std::copy(std::begin(swept.states), std::end(swept.states), target.snapshot.states.begin());
  target.snapshot.replies = swept.replies;
  target.snapshot.expired += swept.expired;
  target.snapshot.last_sweep = used;
  ++target.snapshot.sweeps;
}

std::vector<TableSnapshot> Sweeper::tables() const {
  std::vector<TableSnapshot> tables;
  for (const Target& target : targets_) tables.push_back(target.snapshot);
  return tables;
}

}  // namespace pinion
