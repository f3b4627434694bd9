// SPDX-License-Identifier: Apache-2.0
// The connection tables from the daemon's side: swept, listed and emptied while XDP writes them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "balancer/base/error.h"
#include "balancer/base/net.h"
#include "balancer/bpf/abi/abi.h"
#include "balancer/bpf/conntrack/connection_table.h"
#include "balancer/dataplane/clock.h"
#include "balancer/dataplane/map.h"
#include "balancer/dataplane/program.h"
#include "config/config.h"

namespace pinion {

// One entry as it was when it was looked at. `found` lets it be ended if it is still the same.
struct ConnectionEntry {
  pinion_found found;
  pinion_state state;
  Protocol protocol;
  Endpoint client;
  Endpoint vip;
  std::optional<Endpoint> local;  // Of full NAT.
  uint32_t server;                // PINION_REFERENCE
  uint32_t idle;                  // Ticks.
  uint32_t timeout;               // Ticks, of its state.
};

// One family's table.
class ConnectionTable {
 public:
  // What a range of entries held. A connection whose replies pass here has two entries; it is
  // counted by the forward one, and `replies` are the others.
  struct Swept {
    uint64_t states[PINION_STATE_COUNT] = {};
    uint64_t replies = 0;
    uint64_t expired = 0;
  };

  static Result<ConnectionTable> open(const Program& program, const config::Director& director,
                                      bool v6);

  // The capacity in entries. Their indices are [0, size()).
  uint64_t size() const { return size_; }

  // Ends what has expired among the entries [from, to), and reply halves whose connection is gone;
  // counts the rest by state.
  void sweep(uint64_t from, uint64_t to, Swept& swept);
  // Visits the connections among the entries [from, to); those that have expired and wait for the
  // next sweep are none.
  void visit(uint64_t from, uint64_t to, const std::function<void(const ConnectionEntry&)>& visit);
  // Ends it. False: it has changed since it was looked at.
  bool end(const ConnectionEntry& entry);

 private:
  pinion_connection* entry_at(uint64_t index);
  bool has_expired(const pinion_connection* connection, uint32_t now) const;
  bool is_orphan(pinion_connection* reply);
  Endpoint replied_to(pinion_connection* forward);
  ConnectionEntry describe(pinion_connection* connection, uint32_t word, uint32_t now);
  pinion_load* load_of(uint32_t reference);

  Clock clock_;
  bool v6_ = false;
  uint64_t size_ = 0;
  MappedArray<pinion_bucket4> buckets4_;
  MappedArray<pinion_bucket6> buckets6_;
  MappedArray<pinion_load> load_;
  MappedArray<pinion_settings> settings_;
  MappedArray<pinion_local_addresses> local_;
};

std::chrono::milliseconds milliseconds_of(uint32_t ticks);

}  // namespace pinion
