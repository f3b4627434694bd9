// SPDX-License-Identifier: Apache-2.0
// What the control verbs may ask of the director. The director implements it; the tests of the
// verbs have one of their own. All calls are made on the event loop's thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "balancer/base/asio.h"
#include "balancer/base/error.h"
#include "balancer/model/connection.h"
#include "balancer/model/snapshot.h"
#include "config/config.h"

namespace pinion {

// What is legal and likely a mistake, a sentence each.
using Warnings = std::vector<std::string>;

class DirectorApi {
 public:
  virtual ~DirectorApi() = default;

  virtual Snapshot snapshot() const = 0;

  // What is live: the file as last loaded, with the changes made since.
  virtual const Config& live() const = 0;
  // The configuration file as it is on disk now. The error has a line for each problem.
  virtual Result<Config> file() const = 0;
  // How somebody else has edited the file since it was last loaded, or saved: "was edited ...".
  // "" where nobody has.
  virtual std::string edited() const = 0;
  // Checks `next` and makes it live, or changes nothing and says why, a line for each problem. What
  // it returns are the warnings that were none of what was live before.
  virtual Result<Warnings> apply(Config next) = 0;
  // apply() of the file: changes that were made at run time are gone. Returns all its warnings.
  virtual Result<Warnings> reload() = 0;
  // Writes what is live into the file, atomically, whatever edited() says.
  virtual Result<> save() = 0;

  // The connections that match, at most `limit`, in no particular order. The table is read in
  // steps; other handlers run in between.
  virtual asio::awaitable<std::vector<Connection>> connections(ConnectionFilter filter,
                                                               size_t limit) = 0;
  virtual asio::awaitable<uint64_t> count_connections(ConnectionFilter filter) = 0;
  // Ends them at once, without a word to either end; returns how many there were.
  virtual asio::awaitable<uint64_t> flush_connections(ConnectionFilter filter) = 0;
};

}  // namespace pinion
