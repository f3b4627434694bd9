// SPDX-License-Identifier: Apache-2.0
#include "balancer/director/reconciler.h"

#include <algorithm>
#include <utility>

#include "balancer/base/log.h"

namespace pinion {
namespace {

constexpr auto kReleasePeriod = std::chrono::seconds(1);

// How long facts are collected before they are written together. They come in bursts, and each of
// them costs every service that has the server a new table. The longer the tables take to build,
// the longer facts are collected.
constexpr std::chrono::nanoseconds kCollect = std::chrono::milliseconds(5);
constexpr std::chrono::nanoseconds kCollectLongest = std::chrono::milliseconds(500);

}  // namespace

Reconciler::Reconciler(asio::io_context& io, const config::Limits& limits, Tables& tables,
                       const Counters& counters, Interfaces& interfaces, Hooks hooks)
    : tables_(tables),
      counters_(counters),
      interfaces_(interfaces),
      hooks_(std::move(hooks)),
      model_(limits),
      timer_(io) {}

Result<> Reconciler::adopt(const Program& program) {
  auto found = tables_.read(program);
  return found ? model_.adopt(*found) : found.error();
}

Result<Reconciler::Plan> Reconciler::plan(const Config& next) const {
  Model model = model_;
  auto change = model.configure(next);
  if (!change) return change.error();
  return Plan{std::move(model), std::move(*change)};
}

Result<> Reconciler::commit(Plan plan) {
  if (auto written = tables_.apply(plan.change); !written) return written;
  model_ = std::move(plan.model);
  std::erase_if(released_,
                [this](const auto& each) { return !model_.services().contains(each.first); });
  return {};
}

void Reconciler::on_reachability(const Address& address, const Reachability& fact) {
  if (facts_.empty()) schedule_write();
  facts_.insert_or_assign(address, fact);
  if (fact.next_hop.destination.is_zero())
    log::info("real server is unreachable", {{"address", address.to_string()}});
  else
    log::info(fact.reachable ? "real server is reachable" : "real server is unreachable",
              {{"address", address.to_string()}, {"mac", fact.next_hop.destination.to_string()}});
}

void Reconciler::schedule_write() {
  timer_.expires_after(std::clamp(2 * write_took_, kCollect, kCollectLongest));
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) write_facts();
  });
}

// Facts that cannot be written now are tried again, together with those that come meanwhile.
void Reconciler::write_facts() {
  const auto begun = std::chrono::steady_clock::now();
  Model model = model_;
  const Change change = model.learn(std::vector<Model::Fact>(facts_.begin(), facts_.end()));
  interfaces_.open_egress(change);
  if (auto written = tables_.apply(change); !written) {
    log::error("facts are not in the data plane", {{"error", written.error().message()}});
    write_took_ = kCollectLongest;
    schedule_write();
    return;
  }
  facts_.clear();
  model_ = std::move(model);
  hooks_.facts_written();
  write_took_ = std::chrono::steady_clock::now() - begun;
}

asio::awaitable<void> Reconciler::release_idle_servers() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    timer.expires_after(kReleasePeriod);
    co_await timer.async_wait(asio::use_awaitable);
    release_idle();
  }
}

// An index is free when its server was without connections twice, a second apart. By then no packet
// is under way that had read the table before the server left it.
void Reconciler::release_idle() {
  std::set<uint32_t> idle;
  std::vector<uint32_t> free;
  for (const uint32_t index : model_.leaving()) {
    const pinion_load load = tables_.load(index);
    if (load.active || load.inactive) continue;
    idle.insert(index);
    if (idle_.contains(index)) free.push_back(index);
  }
  idle_ = std::move(idle);
  if (free.empty()) return;
  Model model = model_;
  if (auto written = tables_.apply(model.release(free)); !written) {
    log::error("indices are not released", {{"error", written.error().message()}});
    return;
  }
  add_released_traffic(free);
  model_ = std::move(model);
  hooks_.servers_released();
}

void Reconciler::add_released_traffic(const std::vector<uint32_t>& indices) {
  const uint32_t highest = *std::max_element(indices.begin(), indices.end());
  const std::vector<Traffic> counted = counters_.servers(highest + 1);
  std::vector<bool> released(highest + 1);
  for (const uint32_t index : indices) released[index] = true;
  for (const auto& [name, service] : model_.services())
    for (const ModelServer& server : service->servers)
      if (server.index <= highest && released[server.index])
        released_[name] += counted[server.index];
}

Traffic Reconciler::released_traffic(const std::string& service) const {
  const auto found = released_.find(service);
  return found == released_.end() ? Traffic() : found->second;
}

}  // namespace pinion
