// SPDX-License-Identifier: Apache-2.0
// The director owns all parts. Whatever changes what is live, be it the file, a control verb, or a
// report of the kernel, goes through it: configuration -> model -> maps.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "balancer/base/asio.h"
#include "balancer/control/director_api.h"
#include "balancer/control/server.h"
#include "balancer/dataplane/connections.h"
#include "balancer/dataplane/counters.h"
#include "balancer/dataplane/fragment_keeper.h"
#include "balancer/dataplane/pins.h"
#include "balancer/dataplane/program.h"
#include "balancer/dataplane/sweeper.h"
#include "balancer/dataplane/tables.h"
#include "balancer/director/advice.h"
#include "balancer/director/config_file.h"
#include "balancer/director/connection_query.h"
#include "balancer/director/reconciler.h"
#include "balancer/interfaces/addressing.h"
#include "balancer/interfaces/interfaces.h"
#include "balancer/metrics/server.h"
#include "balancer/netlink/resolver.h"
#include "config/config.h"

namespace pinion {

class Director final : public DirectorApi {
 public:
  // Starts everything, or fails and leaves the system as it was; a data plane that an earlier
  // daemon left then goes on forwarding. `io` outlives the director. It need not run yet.
  static Result<std::unique_ptr<Director>> start(asio::io_context& io, std::string config_file,
                                                 Config config);
  ~Director() override;

  // Ends as director.on_stop says: withdraws everything, or leaves it forwarding.
  // REQUIRES: the event loop has ended. Afterwards the director may only be destroyed.
  void stop();

  Snapshot snapshot() const override;
  const Config& live() const override { return live_; }
  Result<Config> file() const override { return file_.read_good(); }
  std::string edited() const override { return file_.edited(live_); }
  Result<Warnings> apply(Config next) override;
  Result<Warnings> reload() override;
  Result<> save() override;
  asio::awaitable<std::vector<Connection>> connections(ConnectionFilter filter,
                                                       size_t limit) override {
    return query_.list(std::move(filter), limit);
  }
  asio::awaitable<uint64_t> count_connections(ConnectionFilter filter) override {
    return query_.count(std::move(filter));
  }
  asio::awaitable<uint64_t> flush_connections(ConnectionFilter filter) override {
    return query_.flush(std::move(filter));
  }

 private:
  // What must exist before the first configuration is applied.
  struct Parts {
    Pins pins;
    Program program;
    Tables tables;
    Counters counters;
    ConnectionTable connections4;
    ConnectionTable connections6;
    Addressing addressing;
  };

  static Result<Parts> open_parts(asio::io_context& io, const Config& config);
  Director(asio::io_context& io, std::string config_file, Parts parts, const Config& config);

  Result<> start_up(Config config);
  Result<> adopt();
  Result<> listen(const config::Director& director);

  Result<> attach_and_commit(const Config& next, Reconciler::Plan plan, const AttachPoints& points);
  Result<> upgrade(const Config& next, Reconciler::Plan plan, const AttachPoints& points);
  asio::awaitable<void> end_upgrade();
  Result<> commit(const Config& next, Reconciler::Plan plan, Addressing::Added& added);
  void make_live(Config next);

  void on_links_changed(const std::vector<Link>& links);
  void on_links_up(const std::vector<Link>& links);
  void restore_addressing();
  Warnings update_advice();

  asio::io_context& io_;
  ConfigFile file_;
  const std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
  Parts parts_;
  Interfaces interfaces_;
  Reconciler reconciler_;
  ConnectionQuery query_;
  Config live_;
  Warnings warnings_;  // Of what is live.
  Advice advice_;
  uint64_t reloads_ = 0;
  uint64_t failed_reloads_ = 0;
  std::string last_reload_error_;
  bool started_up_ = false;  // The first configuration is live.
  Sweeper sweeper_;
  std::unique_ptr<FragmentKeeper> fragments_;
  std::unique_ptr<Resolver> resolver_;
  std::unique_ptr<control::Server> control_;
  std::unique_ptr<MetricsServer> metrics_;
};

}  // namespace pinion
