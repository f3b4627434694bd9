// SPDX-License-Identifier: Apache-2.0
// Keeps the maps as the configuration and the facts about real servers ask for.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "balancer/base/asio.h"
#include "balancer/base/error.h"
#include "balancer/dataplane/counters.h"
#include "balancer/dataplane/tables.h"
#include "balancer/interfaces/interfaces.h"
#include "balancer/model/model.h"

namespace pinion {

// Owns the model of what is live, and is the only one that changes it: for a configuration, for
// what becomes known of real servers, and for real servers whose last connection has ended. Each
// time the maps are written first; the model changes only if that succeeded.
class Reconciler {
 public:
  // Called from the event loop, after a change that the reconciler made by itself.
  struct Hooks {
    std::function<void()> facts_written;     // Real servers became reachable, or otherwise reached.
    std::function<void()> servers_released;  // model().addresses() may have become fewer.
  };

  // What it is given outlives it.
  Reconciler(asio::io_context& io, const config::Limits& limits, Tables& tables,
             const Counters& counters, Interfaces& interfaces, Hooks hooks);

  const Model& model() const { return model_; }

  // Takes over what an earlier daemon left in the maps. REQUIRES: nothing was committed yet.
  Result<> adopt(const Program& program);

  // What `next` would change. Fails where there is no room for it; changes nothing itself.
  struct Plan {
    Model model;
    Change change;
  };
  Result<Plan> plan(const Config& next) const;
  // Writes it. On failure the maps and the model are as before. REQUIRES: nothing was committed
  // since plan(), nor has the event loop run.
  Result<> commit(Plan plan);

  // A real server's address is reached otherwise than before. Facts are collected for some
  // milliseconds and written together; what cannot be written is tried again.
  void on_reachability(const Address& address, const Reachability& fact);

  // Frees the indices of removed servers when their connections have ended. Runs for ever.
  asio::awaitable<void> release_idle_servers();

  // Of the servers that a live service has lost for good: its totals must not decrease.
  Traffic released_traffic(const std::string& service) const;

 private:
  void schedule_write();
  void write_facts();
  void release_idle();
  void add_released_traffic(const std::vector<uint32_t>& indices);

  Tables& tables_;
  const Counters& counters_;
  Interfaces& interfaces_;
  Hooks hooks_;
  Model model_;
  std::map<Address, Reachability> facts_;  // Not in the model yet.
  asio::steady_timer timer_;               // Runs while there are some.
  std::chrono::nanoseconds write_took_{};
  std::set<uint32_t> idle_;                  // Removed servers without connections, a second ago.
  std::map<std::string, Traffic> released_;  // By service.
};

}  // namespace pinion
