// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "balancer/base/asio.h"
#include "balancer/dataplane/connections.h"
#include "balancer/model/snapshot.h"

namespace pinion {

// Ends expired connections, one table after the other. A step blocks the event loop for a
// millisecond or two; a complete sweep takes five seconds, or longer if the table is large.
class Sweeper {
 public:
  // `table` outlives it. REQUIRES: run() was not called yet.
  void add(std::string family, ConnectionTable& table, uint64_t capacity);
  // Runs for ever.
  asio::awaitable<void> run();

  // As of the last complete sweep of each table. Their `connections` are not filled in.
  std::vector<TableSnapshot> tables() const;

 private:
  struct Target {
    ConnectionTable* table;
    TableSnapshot snapshot;
  };

  asio::awaitable<void> sweep(Target& target);

  std::vector<Target> targets_;
};

}  // namespace pinion
