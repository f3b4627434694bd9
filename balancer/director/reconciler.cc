// SPDX-License-Identifier: Apache-2.0
// What the director does on its own: it follows the kernel's neighbours, and gives back the indices
// of real servers that are gone.
#include <algorithm>

#include "balancer/base/log.h"
#include "balancer/director/director.h"

namespace pinion {
namespace {

constexpr auto kReleasePeriod = std::chrono::seconds(1);

// How long facts are collected before they are learned together: they come in bursts, and each
// costs every service that has the server a new table. A director whose tables take long to build
// collects longer.
constexpr std::chrono::nanoseconds kCollect = std::chrono::milliseconds(5);
constexpr std::chrono::nanoseconds kCollectLongest = std::chrono::milliseconds(500);

}  // namespace

// Those on the links may have forgotten where the VIPs are, and switches their ports. The kernel
// has dropped the routes of a link that was down for a moment, too, and says nothing of that.
void Director::greet(const std::vector<Link>& links) {
  if (!started_up_) return;
  restore_addressing();
  parts_.addressing.announce(live_, links);
}

// A link that was created anew has lost what was added to it.
void Director::follow_links(const std::vector<Link>& links) {
  interfaces_.on_links(links);
  restore_addressing();
}

void Director::restore_addressing() {
  if (started_up_) parts_.addressing.restore(live_);
}

void Director::note(const Address& address, const Reachability& fact) {
  if (facts_.empty()) learn_soon();
  facts_.insert_or_assign(address, fact);
  if (fact.next_hop.destination.is_zero())
    log::info("real server is unreachable", {{"address", address.to_string()}});
  else
    log::info(fact.reachable ? "real server is reachable" : "real server is unreachable",
              {{"address", address.to_string()}, {"mac", fact.next_hop.destination.to_string()}});
}

// What became likely a mistake is said once, in the log; pinionctl status has it as long as it
// stands.
Warnings Director::review() {
  Warnings fresh = advisor_.look(model_, interfaces_.links(), live_.director.interfaces);
  for (const std::string& warning : fresh) log::warning("configuration", {{"problem", warning}});
  return fresh;
}

void Director::learn_soon() {
  learning_.expires_after(std::clamp(2 * learning_took_, kCollect, kCollectLongest));
  learning_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) learn();
  });
}

// What cannot be written now is tried again, with what is learned meanwhile.
void Director::learn() {
  const auto begun = std::chrono::steady_clock::now();
  Model model = model_;
  const Change change = model.learn(std::vector<Model::Fact>(facts_.begin(), facts_.end()));
  interfaces_.open_egress(change);
  if (auto written = parts_.tables.apply(change); !written) {
    log::error("facts are not in the data plane", {{"error", written.error().message()}});
    learning_took_ = kCollectLongest;
    learn_soon();
    return;
  }
  facts_.clear();
  model_ = std::move(model);
  review();
  learning_took_ = std::chrono::steady_clock::now() - begun;
}

asio::awaitable<void> Director::release() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  std::set<uint32_t> unused_before;
  for (;;) {
    timer.expires_after(kReleasePeriod);
    co_await timer.async_wait(asio::use_awaitable);
    release_unused(unused_before);
  }
}

// An index is free when it was without connections twice, a second apart: a packet that had read
// the table before the real server left has long been through then.
void Director::release_unused(std::set<uint32_t>& unused_before) {
  std::set<uint32_t> unused;
  std::vector<uint32_t> free;
  for (const uint32_t index : model_.leaving()) {
    const pinion_load load = parts_.tables.load(index);
    if (load.active || load.inactive) continue;
    unused.insert(index);
    if (unused_before.contains(index)) free.push_back(index);
  }
  unused_before = std::move(unused);
  if (free.empty()) return;
  Model model = model_;
  if (auto written = parts_.tables.apply(model.release(free)); !written) {
    log::error("indices are not released", {{"error", written.error().message()}});
    return;
  }
  retire(free);
  model_ = std::move(model);
  resolver_->want(model_.addresses());
}

// A service's totals must not fall when one of its servers goes.
void Director::retire(const std::vector<uint32_t>& indices) {
  const uint32_t highest = *std::max_element(indices.begin(), indices.end());
  const std::vector<Traffic> counted = parts_.counters.servers(highest + 1);
  std::vector<bool> gone(highest + 1);
  for (const uint32_t index : indices) gone[index] = true;
  for (const auto& [name, service] : model_.services())
    for (const ModelServer& server : service->servers)
      if (server.index <= highest && gone[server.index]) retired_[name] += counted[server.index];
}

}  // namespace pinion
