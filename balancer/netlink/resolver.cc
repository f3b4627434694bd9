// SPDX-License-Identifier: Apache-2.0
#include "balancer/netlink/resolver.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "balancer/netlink/monitor.h"
#include "balancer/netlink/next_hops.h"
#include "balancer/netlink/routes.h"

namespace pinion {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Reports come in bursts: a pause lets a burst end before anything is read again. Under a steady
// stream (a router's whole table) reading takes at most a tenth of the time.
constexpr milliseconds kPause(20);
constexpr milliseconds kLongestPause(500);
constexpr milliseconds kAfterFailure(500);
constexpr size_t kAtOnce = 128;  // Routes that are looked up before other handlers run.

struct Target {
  bool traced = false;  // Its route has been looked up.
  std::optional<Path> path;
  std::optional<Reachability> reported;
};

std::optional<Hop> hop_of(const Address& address, const Target& target) {
  if (!target.path || target.path->local) return {};
  return Hop{target.path->ifindex, target.path->gateway.value_or(address)};
}

// The last known next hop, as unreachable.
Reachability unreachable(const Target& target) {
  Reachability fact = target.reported.value_or(Reachability{});
  fact.reachable = false;
  return fact;
}

Reachability reachability_by(const Link& link, const Target& target, const Answering& answering) {
  Reachability fact = unreachable(target);
  if (!answering.mac.is_zero()) fact.next_hop.destination = answering.mac;
  fact.next_hop.ifindex = link.index;
  fact.next_hop.source = link.mac;
  fact.next_hop.mtu =
      static_cast<uint16_t>(std::min<uint32_t>(link.mtu, std::numeric_limits<uint16_t>::max()));
  fact.on_link = !target.path->gateway;
  fact.reachable = link.up && answering.answers && !answering.mac.is_zero();
  return fact;
}

}  // namespace

// Shared with the coroutines that wait on it, so that it outlives the Resolver until they have
// ended.
class Resolver::State : public std::enable_shared_from_this<State> {
 public:
  State(asio::io_context& io, ResolverHooks hooks, NetlinkSocket socket, Monitor monitor)
      : hooks_(std::move(hooks)),
        socket_(std::move(socket)),
        monitor_(std::move(monitor)),
        reports_(io, monitor_.fd()),
        timer_(io) {}

  // The Monitor owns the descriptor and closes it.
  ~State() { reports_.release(); }

  Result<> start(asio::io_context& io) {
    auto hops = NextHops::open(io, socket_, [this](const Hop& hop) { report_users(hop); });
    if (!hops) return hops.error();
    next_hops_ = std::move(*hops);
    stale_.links = stale_.addresses = true;
    asio::co_spawn(io, follow(shared_from_this()), report("resolver reports"));
    asio::co_spawn(io, refresh(shared_from_this()), report("resolver"));
    return {};
  }

  void stop() {
    stopped_ = true;
    next_hops_.reset();
    timer_.cancel();
    reports_.cancel();
  }

  void set_targets(std::vector<Address> addresses) {
    const std::set<Address> wanted(addresses.begin(), addresses.end());
    std::erase_if(targets_, [&](const auto& entry) { return !wanted.contains(entry.first); });
    for (const Address& address : wanted) targets_.try_emplace(address);
    mark_routes_stale();
  }

  uint64_t overruns() const { return overruns_; }

 private:
  using Self = std::shared_ptr<State>;

  static asio::awaitable<void> follow(Self self) {
    boost::system::error_code failure;
    while (!self->stopped_) {
      co_await self->reports_.async_wait(asio::posix::stream_descriptor::wait_read,
                                         asio::redirect_error(asio::use_awaitable, failure));
      if (!self->stopped_) self->on_changes(self->monitor_.receive());
    }
  }

  static asio::awaitable<void> refresh(Self self) {
    milliseconds pause = kPause;
    while (!self->stopped_) {
      if (!self->any_stale()) co_await self->sleep(Clock::time_point::max());
      if (self->stopped_) co_return;
      if (!self->any_stale()) continue;
      co_await self->sleep(Clock::now() + pause);
      const auto start = Clock::now();
      co_await self->read_stale();
      const auto spent = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
      pause = std::clamp(10 * spent, kPause, kLongestPause);
      if (self->failed_) pause = kAfterFailure;
    }
  }

  // Sleeps until then. If that is for ever, wake() ends it, too; and stop() always does.
  asio::awaitable<void> sleep(Clock::time_point until) {
    boost::system::error_code ignored;
    idle_ = until == Clock::time_point::max();
    if (!stopped_) {
      timer_.expires_at(until);
      co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    idle_ = false;
  }

  void mark_routes_stale() {
    stale_.routes = true;
    wake();
  }

  void wake() {
    if (idle_) timer_.cancel();
  }

  bool any_stale() const {
    return stale_.links || stale_.addresses || stale_.routes || stale_.host_routes ||
           stale_.overrun;
  }

  void on_changes(const Changes& changes) {
    for (const NeighbourChange& change : changes.neighbours) next_hops_->on_neighbour(change);
    stale_.links |= changes.links;
    stale_.addresses |= changes.addresses;
    stale_.routes |= changes.routes;
    stale_.host_routes |= changes.host_routes;
    stale_.down.insert(changes.down.begin(), changes.down.end());
    if (changes.overrun && !std::exchange(stale_.overrun, true)) {
      ++overruns_;
      log::warning("netlink overrun: reports of the kernel were lost, reading everything anew");
    }
    if (any_stale()) wake();
  }

  asio::awaitable<void> read_stale() {
    Changes work = std::exchange(stale_, Changes{});
    failed_ = false;
    const std::vector<Link> links_before = around_.links;
    bool links_differ = false;
    bool addressing_differs = work.host_routes || work.overrun;
    if (work.links || work.overrun)
      links_differ = read(list_links(socket_), around_.links, &Changes::links);
    if (work.addresses || work.overrun)
      addressing_differs |= read(list_addresses(socket_), around_.addresses, &Changes::addresses);
    if (stale_.links) stale_.down.merge(work.down);  // The links could not be read.
    co_await trace_routes();
    if (stopped_) co_return;
    next_hops_->set_hops(hops_in_use(), around_);
    if (work.overrun) next_hops_->resync();
    report_all();
    if (links_differ && hooks_.links_changed) hooks_.links_changed(around_.links);
    if (links_before.empty()) co_return;  // This is the start.
    if (const auto up = come_up(links_before, work.down); !up.empty() && hooks_.links_up)
      hooks_.links_up(up);
    if (addressing_differs && hooks_.addressing_changed) hooks_.addressing_changed();
  }

  std::vector<Link> come_up(const std::vector<Link>& before, const std::set<uint32_t>& down) const {
    std::vector<Link> up;
    for (const Link& link : around_.links) {
      const Link* then = find_link(before, link.index);
      const bool stayed = then && then->up && then->mac == link.mac && !down.contains(link.index);
      if (link.up && !stayed) up.push_back(link);
    }
    return up;
  }

  // True: something is new. What could not be read stays stale.
  template <typename T>
  bool read(Result<std::vector<T>> table, std::vector<T>& into, bool Changes::*stale) {
    if (!table) {
      failed_ = stale_.*stale = true;
      log::warning("netlink table not read", {{"error", table.error().message()}});
      return false;
    }
    if (into == *table) return false;
    into = std::move(*table);
    return true;
  }

  asio::awaitable<void> trace_routes() {
    std::vector<Address> addresses;
    for (const auto& [address, target] : targets_) addresses.push_back(address);
    for (size_t i = 0; i < addresses.size() && !stopped_; ++i) {
      trace(addresses[i]);
      if (i % kAtOnce == kAtOnce - 1)
        co_await asio::post(timer_.get_executor(), asio::use_awaitable);
    }
  }

  void trace(const Address& address) {
    const auto found = targets_.find(address);
    if (found == targets_.end()) return;
    auto path = route_to(socket_, address);
    if (path) {
      found->second.traced = true;
      found->second.path = *path;
      return;
    }
    failed_ = stale_.routes = true;
    log::warning("route not read", {{"error", path.error().message()}});
  }

  std::set<Hop> hops_in_use() {
    std::set<Hop> hops;
    users_.clear();
    for (const auto& [address, target] : targets_) {
      const auto hop = hop_of(address, target);
      if (!hop) continue;
      hops.insert(*hop);
      users_[*hop].push_back(address);
    }
    return hops;
  }

  // Nothing while it is not known.
  std::optional<Reachability> reachability_of(const Address& address, const Target& target) const {
    const auto hop = hop_of(address, target);
    const Link* link = hop ? find_link(around_.links, hop->ifindex) : nullptr;
    if (link == nullptr) return unreachable(target);
    const auto answering = next_hops_->answering(*hop);
    if (!answering && link->up) return {};
    Reachability fact = reachability_by(*link, target, answering.value_or(Answering{}));
    fact.source = source_for(address, *hop, target.path->source, around_.addresses);
    return fact;
  }

  void report_target(const Address& address) {
    const auto found = targets_.find(address);
    if (found == targets_.end() || !found->second.traced) return;
    const auto fact = reachability_of(address, found->second);
    if (!fact || found->second.reported == fact) return;
    found->second.reported = fact;
    if (hooks_.reachability_changed) hooks_.reachability_changed(address, *fact);
  }

  // The callee may set other targets: this walks a copy, and report_target() skips what is gone.
  void report_users(const Hop& hop) {
    const auto found = users_.find(hop);
    if (found == users_.end()) return;
    for (const Address& address : std::vector<Address>(found->second)) report_target(address);
  }

  void report_all() {
    std::vector<Address> addresses;
    for (const auto& [address, target] : targets_) addresses.push_back(address);
    for (const Address& address : addresses) report_target(address);
  }

  ResolverHooks hooks_;
  NetlinkSocket socket_;
  Monitor monitor_;
  asio::posix::stream_descriptor reports_;
  asio::steady_timer timer_;
  std::unique_ptr<NextHops> next_hops_;

  Surroundings around_;
  std::map<Address, Target> targets_;
  std::map<Hop, std::vector<Address>> users_;  // As of the last refresh.
  Changes stale_;  // What must be read again; its neighbours stay empty.
  uint64_t overruns_ = 0;
  bool failed_ = false;
  bool idle_ = false;
  bool stopped_ = false;
};

Result<Resolver> Resolver::open(asio::io_context& io, ResolverHooks hooks,
                                ResolverOptions options) {
  auto socket = NetlinkSocket::open();
  if (!socket) return socket.error();
  auto monitor = Monitor::open(options.receive_buffer);
  if (!monitor) return monitor.error();
  auto state =
      std::make_shared<State>(io, std::move(hooks), std::move(*socket), std::move(*monitor));
  if (auto started = state->start(io); !started) return started.error();
  return Resolver(std::move(state));
}

Resolver::Resolver(std::shared_ptr<State> state) : state_(std::move(state)) {}
Resolver::Resolver(Resolver&&) noexcept = default;

Resolver& Resolver::operator=(Resolver&& other) noexcept {
  if (state_ && state_ != other.state_) state_->stop();
  state_ = std::move(other.state_);
  return *this;
}

Resolver::~Resolver() {
  if (state_) state_->stop();
}

void Resolver::set_targets(std::vector<Address> addresses) {
  state_->set_targets(std::move(addresses));
}

uint64_t Resolver::overruns() const { return state_->overruns(); }

}  // namespace pinion
