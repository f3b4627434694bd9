// SPDX-License-Identifier: Apache-2.0
// The only writer of what the packet path decides by: services, slots, real servers, settings.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "balancer/base/error.h"
#include "balancer/dataplane/constants.h"
#include "balancer/dataplane/load.h"
#include "balancer/dataplane/map.h"
#include "balancer/dataplane/program.h"
#include "balancer/model/change.h"
#include "balancer/model/model.h"
#include "balancer/model/vlans.h"
#include "config/config.h"

namespace pinion {

class Tables {
 public:
  static Result<Tables> open(const Program& program, const config::Limits& limits);

  // Fills in what connection tables keep as long as they live: their layout, their clock, and the
  // secret of their hash, as the program has them. Once, when they are made.
  void begin(const Constants& constants);
  void set_timeouts(const config::Timeouts& timeouts);

  // Writes a Change in the order that change.h gives. If a write fails, those before it are undone.
  Result<> apply(const Change& change);

  // Frames may leave by this interface.
  Result<> allow_egress(uint32_t ifindex);

  // Adds what is missing: how frames come in, and how they leave by VLAN devices.
  Result<> add_vlans(const Vlans& vlans);
  // Takes away everything else.
  Result<> keep_vlans(const Vlans& vlans);

  // What a start finds; of services whose maps were made anew, all but their tables, so far as the
  // maps of before can be read.
  Result<Adopted> read(const Program& program) const;

  // Undoes what apply() has done to maps that are in use, of an upgrade that goes no further.
  void undo(const Change& change);

  pinion_load load(uint32_t index) const { return load_.at(index); }
  Load& load() { return load_; }
  // What a connection's reference names; all 0 where it names nothing.
  pinion_real_server server(uint32_t index) const {
    return index < servers_.size() ? servers_[index] : pinion_real_server{};
  }

 private:
  void write_local(const pinion_local_addresses& next);
  void write_server(uint32_t index, const pinion_real_server& entry);
  void write_slots(const Change::Slots& slots);
  Result<> prepare_server(const Change::Server& server);
  void admit(const ServiceKey& key);
  Result<> write_service(const ServiceKey& key, const std::optional<pinion_service>& value);
  Result<> flip(const std::vector<Change::Service>& services);
  void unflip(const Change::Service& service);
  void undo_servers(const Change& change);

  HashMap<pinion_service_key, pinion_service> services_;
  HashMap<pinion_range_key, pinion_service> ranges_;
  HashMap<pinion_prefix_key, pinion_service> prefixes_;
  HashMap<uint32_t, uint32_t> egress_;
  HashMap<pinion_entrance_key, pinion_entrance> entrances_;
  HashMap<uint32_t, pinion_vlan_device> vlan_devices_;
  std::set<uint32_t> vlan_indices_;  // Of the devices in there.
  MappedArray<pinion_settings> settings_;
  MappedArray<pinion_vip_filter> vips_;
  MappedArray<uint32_t> slots_;
  MappedArray<pinion_real_server> servers_;
  Load load_;
  MappedArray<pinion_local_addresses> local_;
  PerCpuArray<uint32_t> cursors_;
  MappedArray<pinion_counters> counters_;  // As abi.h tells.
};

}  // namespace pinion
