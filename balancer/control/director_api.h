// SPDX-License-Identifier: Apache-2.0
// What the control verbs ask of the director. The director implements it, and tests of the verbs
// have an implementation of their own. REQUIRES: calls are made on the event loop's thread.
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

// Things that are legal but likely mistakes, one sentence each.
using Warnings = std::vector<std::string>;

class DirectorApi {
 public:
  virtual ~DirectorApi() = default;

  virtual Snapshot snapshot() const = 0;

  // The live configuration: the file as last loaded, with the changes made since.
  virtual const Config& live() const = 0;
  // The configuration file as it is on disk now. The error has a line for each problem.
  virtual Result<Config> file() const = 0;
  // How the file has been edited since it was last loaded or saved: "was edited ..."; "" if it has
  // not.
  virtual std::string edited() const = 0;
  // Checks `next` and makes it live, or changes nothing and says why, one line for each problem.
  // Returns the warnings that the configuration before did not have.
  virtual Result<Warnings> apply(Config next) = 0;
  // Applies the file; changes made at run time are lost. Returns all warnings.
  virtual Result<Warnings> reload() = 0;
  // Writes the live configuration to the file, atomically, even if it has been edited.
  virtual Result<> save() = 0;

  // The connections that match, at most `limit`, in no particular order. The table is read in
  // steps; other handlers run in between.
  virtual asio::awaitable<std::vector<Connection>> connections(ConnectionFilter filter,
                                                               size_t limit) = 0;
  virtual asio::awaitable<uint64_t> count_connections(ConnectionFilter filter) = 0;
  // Deletes the connections that match, without telling either end; returns how many there were.
  virtual asio::awaitable<uint64_t> flush_connections(ConnectionFilter filter) = 0;
};

}  // namespace pinion
