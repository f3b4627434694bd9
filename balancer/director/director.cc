// SPDX-License-Identifier: Apache-2.0
#include "balancer/director/director.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "balancer/base/log.h"
#include "balancer/director/check_change.h"
#include "balancer/director/preflight.h"
#include "balancer/director/snapshot.h"
#include "balancer/netlink/packet_socket.h"

namespace pinion {
namespace {

// The mark of an instance says which addresses and routes it may remove.
Result<> check_mark(const Pins& pins, const std::string& instance) {
  for (const std::string& other : pins.other_instances())
    if (mark_of(other) == mark_of(instance))
      return refusal("director.instance: '" + instance +
                     "' would mark its addresses and routes as '" + other + "' does, by " +
                     std::to_string(mark_of(other)) + "; choose another name");
  return {};
}

// Sends frames past the kernel's own stack.
Result<EarlyFragments::Send> frame_sender() {
  auto socket = PacketSocket::open(PacketSocket::Receives::kNothing);
  if (!socket) return socket.error();
  // A std::function must be copyable; a socket is not.
  auto shared = std::make_shared<PacketSocket>(std::move(*socket));
  return EarlyFragments::Send([shared](uint32_t ifindex, const std::vector<uint8_t>& frame) {
    return shared->send(ifindex, frame);
  });
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Result<std::unique_ptr<Director>> Director::start(asio::io_context& io, std::string config_file,
                                                  Config config) {
  if (auto able = preflight(); !able) return able.error();
  auto parts = open_parts(io, config);
  if (!parts) return parts.error();
  std::unique_ptr<Director> director(
      new Director(io, std::move(config_file), std::move(*parts), config));
  if (auto started = director->start_up(std::move(config)); !started) return started.error();
  return director;
}

Result<Director::Parts> Director::open_parts(asio::io_context& io, const Config& whole) {
  const config::Director& config = whole.director;
  auto pins = Pins::open(config.instance);
  if (!pins) return pins.error();
  if (auto own = check_mark(*pins, config.instance); !own) return own.error();
  auto addressing = Addressing::open(io, config.instance);
  if (!addressing) return addressing.error();
  auto links = addressing->links();
  if (!links) return links.error();
  Features features = features_of(whole.services);
  features.vlans = Interfaces::need_vlans(*links, config.interfaces);
  auto program = Program::load(*pins, config, features);
  if (!program) return program.error();
  auto tables = Tables::open(*program, config.limits);
  if (!tables) return tables.error();
  auto counters = Counters::open(*program, config.limits);
  if (!counters) return counters.error();
  auto connections4 = ConnectionTable::open(*program, config, false);
  if (!connections4) return connections4.error();
  auto connections6 = ConnectionTable::open(*program, config, true);
  if (!connections6) return connections6.error();
  return Parts{std::move(*pins),      std::move(*program),      std::move(*tables),
               std::move(*counters),  std::move(*connections4), std::move(*connections6),
               std::move(*addressing)};
}

Director::Director(asio::io_context& io, std::string config_file, Parts parts, const Config& config)
    : io_(io),
      file_(std::move(config_file), config),
      parts_(std::move(parts)),
      interfaces_(parts_.pins, parts_.program, parts_.tables, config.director.xdp),
      reconciler_(io, config.director.limits, parts_.tables, parts_.counters, interfaces_,
                  {[this] { update_advice(); },
                   [this] { resolver_->set_targets(reconciler_.model().addresses()); }}),
      query_(io, parts_.connections4, parts_.connections6, parts_.tables, reconciler_.model()) {
  live_.director = config.director;
  live_.director.interfaces.clear();  // Nothing is attached yet.
  sweeper_.add("ipv4", parts_.connections4, config.director.connections.ipv4);
  sweeper_.add("ipv6", parts_.connections6, config.director.connections.ipv6);
}

// A start that failed has already undone what it attached and added. It also leaves no pins, unless
// it found them.
Director::~Director() {
  if (!started_up_ && !parts_.program.adopted()) Program::unpin(parts_.pins);
}

Result<> Director::start_up(Config config) {
  auto resolver =
      Resolver::open(io_, {[this](const Address& address, const Reachability& fact) {
                             reconciler_.on_reachability(address, fact);
                           },
                           [this](const std::vector<Link>& links) { on_links_changed(links); },
                           [this](const std::vector<Link>& links) { on_links_up(links); },
                           [this] { restore_addressing(); }});
  if (!resolver) return resolver.error();
  resolver_ = std::make_unique<Resolver>(std::move(*resolver));
  auto send = frame_sender();
  if (!send) return send.error();
  auto fragments = FragmentKeeper::open(io_, parts_.program, std::move(*send));
  if (!fragments) return fragments.error();
  fragments_ = std::move(*fragments);
  if (auto ready = adopt(); !ready) return ready;
  // Before anything that others notice: a failure to listen leaves no trace. Requests wait until
  // the event loop runs.
  if (auto listening = listen(config.director); !listening) return listening;
  if (auto applied = apply(std::move(config)); !applied) return applied.error();
  interfaces_.detach_left_over();
  started_up_ = true;
  asio::co_spawn(io_, sweeper_.run(), report("sweeper"));
  asio::co_spawn(io_, fragments_->run(), report("fragments"));
  asio::co_spawn(io_, reconciler_.release_idle_servers(), report("release"));
  asio::co_spawn(io_, end_upgrade(), report("upgrade"));
  return {};
}

// Takes over what an earlier daemon left, or writes what a first start needs.
Result<> Director::adopt() {
  if (!parts_.program.adopted()) {
    parts_.tables.begin(parts_.program.constants());
    parts_.tables.set_timeouts(live_.director.timeouts);
    return parts_.program.pin(parts_.pins);
  }
  log::info("adopting the data plane in place", {{"pins", parts_.pins.directory()}});
  return reconciler_.adopt(parts_.program);
}

Result<> Director::listen(const config::Director& director) {
  control_ = std::make_unique<control::Server>(io_, *this);
  if (auto listening = control_->listen(director.control); !listening) return listening;
  if (director.metrics.listen.empty()) return {};
  metrics_ = std::make_unique<MetricsServer>(io_, [this] { return snapshot(); });
  auto listening = metrics_->listen(director.metrics.listen);
  return listening ? Result<>() : listening.error();
}

void Director::stop() {
  control_.reset();
  metrics_.reset();
  resolver_.reset();
  if (live_.director.on_stop == config::OnStop::kKeep && started_up_) return;
  parts_.addressing.remove_others({});
  interfaces_.detach_all();
  Program::unpin(parts_.pins);
}

// First come the steps that can fail, each undone if a later one fails; the services change last of
// these. Only then is removed what is no longer wanted.
Result<Warnings> Director::apply(Config next) {
  auto warnings = check_change(live_.director, next);
  if (!warnings) return warnings.error();
  auto plan = reconciler_.plan(next);
  if (!plan) return plan.error();
  auto links = parts_.addressing.links();
  if (!links) return links.error();
  auto points = interfaces_.find_attach_points(next.director.interfaces, std::move(*links));
  if (!points) return points.error();
  interfaces_.add_egress(plan->change);
  const auto take_effect =
      parts_.program.upgrades() ? &Director::upgrade : &Director::attach_and_commit;
  if (auto done = (this->*take_effect)(next, std::move(*plan), *points); !done) return done.error();
  interfaces_.keep(std::move(*points), next);
  make_live(std::move(next));
  const Warnings before = std::exchange(warnings_, std::move(*warnings));
  Warnings fresh;
  for (const std::string& warning : warnings_)
    if (!contains(before, warning)) fresh.push_back(warning);
  const Warnings likely = update_advice();
  fresh.insert(fresh.end(), likely.begin(), likely.end());
  return fresh;
}

Result<> Director::attach_and_commit(const Config& next, Reconciler::Plan plan,
                                     const AttachPoints& points) {
  if (auto attached = interfaces_.attach(points, plan.model.features()); !attached) return attached;
  Addressing::Added added;
  auto committed = commit(next, std::move(plan), added);
  if (!committed) interfaces_.undo_attach(points);
  return committed;
}

// Maps that were made anew are filled in before the program that reads them is attached. Once they
// are pinned, a start that fails leaves what the next one of this daemon adopts.
Result<> Director::upgrade(const Config& next, Reconciler::Plan plan, const AttachPoints& points) {
  const Features features = plan.model.features();
  const Change change = plan.change;
  Addressing::Added added;
  if (auto done = interfaces_.add_vlans(points, features); !done) return done;
  if (auto committed = commit(next, std::move(plan), added); !committed) return committed;
  auto done = parts_.program.pin(parts_.pins);
  if (!done && parts_.program.upgrades()) parts_.tables.undo(change);
  if (done) done = interfaces_.attach(points, features);
  if (!done) parts_.addressing.undo(added);
  return done;
}

// After a second without the old program on any interface, no CPU is still amid a packet by it. The
// kernel also waits for a grace period of RCU here, which takes some 20 ms, once; where it cannot
// (nohz_full), the second has to do.
asio::awaitable<void> Director::end_upgrade() {
  if (!parts_.tables.load().is_apart()) co_return;
  asio::steady_timer timer(io_, std::chrono::seconds(1));
  co_await timer.async_wait(asio::use_awaitable);
  syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
  parts_.tables.load().join();
  parts_.program.forget_former(parts_.pins);
  log::info("the upgrade is complete");
}

Result<> Director::commit(const Config& next, Reconciler::Plan plan, Addressing::Added& added) {
  if (Addressing::differ(next, live_) || !started_up_) {
    auto put = parts_.addressing.add(next);
    if (!put) return put.error();
    added = std::move(*put);
  }
  if (auto written = reconciler_.commit(std::move(plan)); !written) {
    parts_.addressing.undo(added);
    return written;
  }
  return {};
}

void Director::make_live(Config next) {
  const bool readdressed = Addressing::differ(next, live_);
  parts_.tables.set_timeouts(next.director.timeouts);
  live_ = std::move(next);
  if (readdressed || !started_up_) {
    parts_.addressing.remove_others(live_);
    parts_.addressing.restore(live_);  // With a new label, for instance.
  }
  resolver_->set_targets(reconciler_.model().addresses());
}

// Hosts on the links may have forgotten where the VIPs are, and switches at which ports. The kernel
// has also dropped the routes of a link that was down for a moment, without reporting it.
void Director::on_links_up(const std::vector<Link>& links) {
  if (!started_up_) return;
  restore_addressing();
  parts_.addressing.announce(live_, links);
}

// A link that was created anew has lost the addresses that were added to it.
void Director::on_links_changed(const std::vector<Link>& links) {
  interfaces_.on_links(links);
  restore_addressing();
}

void Director::restore_addressing() {
  if (started_up_) parts_.addressing.restore(live_);
}

// The log has each likely mistake once; pinionctl status has it for as long as it lasts.
Warnings Director::update_advice() {
  Warnings fresh =
      advice_.update(reconciler_.model(), interfaces_.links(), live_.director.interfaces);
  for (const std::string& warning : fresh) log::warning("configuration", {{"problem", warning}});
  return fresh;
}

Result<Warnings> Director::reload() {
  config::Loaded loaded = file_.read();
  Result<Warnings> applied =
      loaded.ok() ? apply(loaded.config) : Result<Warnings>(refusal(loaded.errors()));
  if (!applied) {
    ++failed_reloads_;
    last_reload_error_ = applied.error().message();
    log::error("reload refused; what was live stays live", {{"error", last_reload_error_}});
    return applied;
  }
  restore_addressing();
  ++reloads_;
  last_reload_error_.clear();
  file_.set_loaded(std::move(loaded.config));
  log::record("reloaded", {{"file", file_.path()}, {"services", live_.services.size()}});
  Warnings warnings;
  for (config::Problem& problem : loaded.problems) {  // All of them are warnings.
    log::warning("configuration", {{"problem", problem.to_string()}});
    problem.warning = false;
    warnings.push_back(problem.to_string());
  }
  return warnings;
}

Result<> Director::save() {
  if (auto saved = file_.save(live_); !saved) return saved;
  log::record("saved", {{"file", file_.path()}});
  return {};
}

Snapshot Director::snapshot() const {
  Snapshot snapshot =
      take_snapshot({live_, parts_.tables, parts_.counters, sweeper_, interfaces_, reconciler_});
  snapshot.config_file = file_.path();
  snapshot.started = started_;
  snapshot.adopted = parts_.program.adopted();
  snapshot.differs_from_file = live_ != file_.loaded();
  snapshot.reloads = reloads_;
  snapshot.failed_reloads = failed_reloads_;
  snapshot.last_reload_error = last_reload_error_;
  snapshot.warnings = warnings_;
  for (std::string& warning : advice_.all()) snapshot.warnings.push_back(std::move(warning));
  return snapshot;
}

}  // namespace pinion
