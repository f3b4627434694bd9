// SPDX-License-Identifier: Apache-2.0
// The services and real servers that are live, with the indices that name them in the maps. It does
// no I/O: configuration and facts go in, a Change comes out, and whoever holds the model writes it.
//
// A Model is a value. To change the live state, copy it (cheap: services are shared and
// immutable), change the copy, write the Change, and keep the copy only if that succeeded:
//
//   Model next = live;
//   auto change = next.configure(config);
//   if (!change) return change.error();
//   if (auto written = tables.apply(*change); !written) return written.error();
//   live = std::move(next);
//
// Invariants:
// - A (service, real server) has one index for as long as it is configured or a connection refers
//   to it. A real server that is removed from a service is `leaving`: it takes no new connections,
//   and keeps its index, its neighbour and its connections until release() is told that none is
//   left. If it is configured again before that, it is the same real server. Its address, port and
//   forwarding method identify it: with another one it is another real server, and the connections
//   of the old one go on as they began.
// - A service has one index for as long as it exists. Its keys identify it: a new name or scheduler
//   changes no index, nor do listeners that come and go while one of its keys stays. If none stays,
//   it is another service.
// - When a service is removed, its real servers are leaving, too, and return with it if their
//   connections last that long. Meanwhile their entries name service 0.
// - An address that full NAT sends from keeps its number when it leaves the configuration.
// - Index 0 names no service and no real server, so that zeroed memory refers to nothing.
// - Ranges of slots that belong to a live service, or were replaced by one of the last two Changes,
//   are not written: a packet that read the service just before the flip may still be in the old
//   table. (Empty Changes do not count.)
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/model/change.h"
#include "balancer/model/features.h"
#include "balancer/model/indices.h"
#include "balancer/model/neighbours.h"
#include "balancer/model/next_hop.h"
#include "balancer/model/ranges.h"
#include "balancer/model/schedulers.h"
#include "balancer/model/service_key.h"
#include "config/config.h"

namespace pinion {

// A real server of a service, as the model has it.
struct ModelServer {
  config::Server config;
  Port port;  // 0: the one that a packet came for, which its service's listeners decide.
  config::Forward forward = config::Forward::kDirectRouting;
  uint32_t index = 0;  // In `real_servers`, `load` and `counters`.
  uint8_t generation = 0;
  bool leaving = false;
  pinion_real_server entry{};  // What the map holds.
};

struct ModelService {
  config::Service config;
  ServiceId id = 0;
  uint32_t index = 0;
  bool v4 = true;                    // The family of its VIPs.
  std::vector<ServiceKey> keys;      // That lead to it; of one that is gone, those that did.
  pinion_service value{};            // What the map holds.
  std::vector<ModelServer> servers;  // In the configuration's order, the leaving ones last.
  std::vector<Candidate> pool;       // What its table was built from,
  std::vector<uint32_t> references;  // and whom it refers to: PINION_REFERENCE, one a candidate.
};

// Packets go out to it, and so need its next hop.
inline bool has_next_hop(config::Forward forward) { return forward != config::Forward::kLocal; }

// What a start finds in pinned maps.
struct Adopted {
  std::vector<std::pair<ServiceKey, pinion_service>> services;
  std::vector<pinion_real_server> servers;  // By index, all of them, unused ones too.
  pinion_local_addresses local{};
};

class Model {
 public:
  // The maps have room for one service and one server more than `limits`: index 0 is nobody's.
  explicit Model(const config::Limits& limits);

  // Takes over what pinned maps hold, so that configure() gives every service and real server that
  // is in them its old index. Only on a fresh model. Fails where the maps contradict themselves.
  // The first configure() then writes everything, and until it does the other calls change nothing
  // but what is known. Servers with a MAC address count as reachable until a fact says otherwise.
  Result<> adopt(const Adopted& adopted);

  // Makes the model what the configuration's services and local addresses say. Services that are
  // equal before and after have no part in the Change. Fails, naming the limit to raise, where
  // there is no room; the model is then to be thrown away. The configuration has passed its checks.
  Result<Change> configure(const Config& config);

  // What became known of an address: the servers at it get their next hop. A server that is not
  // reachable leaves its service's table, unless none of the servers with a weight is reachable;
  // its connections keep going to its last known next hop.
  Change learn(const Address& address, const Reachability& fact);
  // Many at once, of different addresses: each service's table is built once, not for each fact.
  // Facts about addresses that no server is at are forgotten. Where there is no room for a new
  // table, the old one stays, and each later Change tries again.
  using Fact = std::pair<Address, Reachability>;
  Change learn(std::span<const Fact> facts);

  // Indices of leaving servers, to ask after their load.
  std::vector<uint32_t> leaving() const;
  // Indices of every server behind a VIP of that family, the leaving ones included, and those whose
  // service is gone.
  std::vector<uint32_t> indices(bool v4) const;
  // No connection refers to these any more: they may be reused, with another generation.
  Change release(std::span<const uint32_t> indices);

  // What the data plane must be able to, for the leaving servers, too.
  Features features() const;

  // By name.
  const std::map<std::string, std::shared_ptr<const ModelService>>& services() const {
    return services_;
  }
  // As the last fact about its address has it.
  bool reachable(const ModelServer& server) const;
  // That fact; nullptr where the server needs no next hop.
  const Reachability* fact_about(const ModelServer& server) const;
  // Every address that a real server is at, without duplicates: what must be resolved.
  std::vector<Address> addresses() const;

 private:
  using Ids = std::set<ServiceId>;
  using Keys = std::vector<ServiceKey>;
  using ServicePtr = std::shared_ptr<const ModelService>;

  // adopt.cc
  struct Found;
  Result<> adopt_service(const ServiceKey& key, const pinion_service& value, Found& found);
  Result<> adopt_slots(const ServiceKey& key, const pinion_service& value, Found& found);
  Result<> adopt_server(uint32_t index, const pinion_real_server& entry, Found& found);

  // configure.cc
  Result<> write_local(const Config& config, Change& change);
  std::vector<ServiceId> recognise(const std::vector<config::Service>& wanted,
                                   const std::vector<Keys>& keys) const;
  void retire_unwanted(const std::vector<ServiceId>& wanted, Change& change);
  ServicePtr retire(const ModelService& old, Change& change);
  Result<ServicePtr> update(const config::Service& wanted, Keys keys, const ModelService* old,
                            Change& change);
  Result<> match_servers(ModelService& next, const ModelService* old);
  Result<ModelServer> new_server(const ModelService& service, const config::Server& wanted);
  bool is_live(const ModelService& service, const config::Service& wanted, const Keys& keys) const;

  // facts.cc
  void refresh(const Ids& ids, Change& change);
  void store(ModelService service);
  void free_server(ServiceId service, const ModelServer& server, Change& change);

  // nullptr where it needs none.
  const Neighbour* neighbour_of(const ModelServer& server) const;

  // write.cc: what `next` needs in the maps goes into the Change.
  void write_servers(ModelService& next, Change& change) const;
  Result<> write_table(ModelService& next, const ModelService* old, Change& change);
  // Every key of `old` goes and every key of `next` comes, until arrange() says what that means.
  static void write_keys(const ModelService* old, const ModelService* next, Change& change);
  void arrange(std::vector<Change::Service>& flips) const;
  pinion_real_server entry_of(const ModelService& service, const ModelServer& server) const;
  std::vector<const ModelServer*> pool_of(const ModelService& service) const;

  config::Limits limits_;
  std::map<std::string, ServicePtr> services_;
  // The same, and with index 0 those that are gone and have leaving servers.
  std::map<ServiceId, ServicePtr> by_id_;
  ServiceId last_id_ = 0;
  Indices service_indices_;
  Indices server_indices_;
  Ranges ranges_;
  Neighbours neighbours_;
  pinion_local_addresses local_{};  // What the map holds.
  Ids stale_;                       // A fact asked for another table, and there was no room.
  bool unwritten_ = false;          // adopt() was called, configure() was not yet.
};

}  // namespace pinion
