// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "balancer/base/asio.h"
#include "balancer/dataplane/connections.h"
#include "balancer/model/snapshot.h"

namespace pinion {

// Ends expired connections, table after table, in steps that leave the event loop free: a step is
// a millisecond or two, and a complete sweep takes five seconds or, of large tables, longer.
class Sweeper {
 public:
  void add(std::string family, ConnectionTable& table, uint64_t capacity);
  asio::awaitable<void> run();

  // As of the last complete sweep of each table; their `connections` are not filled in.
  std::vector<TableSnapshot> tables() const;

 private:
  struct Target {
    ConnectionTable* table;
    TableSnapshot seen;
  };

  asio::awaitable<void> sweep(Target& target);

  std::vector<Target> targets_;
};

}  // namespace pinion
