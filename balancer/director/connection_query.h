// SPDX-License-Identifier: Apache-2.0
// The connections, as operators ask for them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "balancer/base/asio.h"
#include "balancer/base/net.h"
#include "balancer/dataplane/connections.h"
#include "balancer/dataplane/tables.h"
#include "balancer/model/connection.h"
#include "balancer/model/model.h"

namespace pinion {

// Reads both tables in steps, between which other handlers run: ten million entries take a while.
// An answer names services and servers as they were when it began; connections that come or go
// meanwhile may be in it or not.
class ConnectionQuery {
 public:
  // All of these outlive it, and the event loop's last run. `live` is the model in use, which may
  // change between steps.
  ConnectionQuery(asio::io_context& io, ConnectionTable& connections4,
                  ConnectionTable& connections6, const Tables& tables, const Model& live)
      : io_(io), connections_{&connections4, &connections6}, tables_(tables), live_(live) {}

  // Connections that match, at most `limit`, in no particular order.
  asio::awaitable<std::vector<Connection>> list(ConnectionFilter filter, size_t limit);
  // How many match.
  asio::awaitable<uint64_t> count(ConnectionFilter filter);
  // Ends those that match, without a word to either end. Returns how many it ended.
  asio::awaitable<uint64_t> flush(ConnectionFilter filter);

 private:
  // The real server that a connection goes to.
  struct Target {
    std::string service;  // "": its service is gone.
    Endpoint server;
  };
  class Names;
  // Returns false when it has seen enough.
  using Visit = std::function<bool(ConnectionTable&, const ConnectionEntry&, const Target&)>;

  asio::awaitable<void> scan(ConnectionFilter filter, Visit visit);

  asio::io_context& io_;
  ConnectionTable* connections_[2];
  const Tables& tables_;
  const Model& live_;
};

}  // namespace pinion
