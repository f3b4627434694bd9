// SPDX-License-Identifier: Apache-2.0
// What has to be written into the maps to get from one state of the model to the next, in the
// order of the members: a packet that passes meanwhile sees the old service or the new one, never
// a mixture. `before` is what undoes a write that a later failure must take back.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "balancer/bpf/abi/abi.h"
#include "balancer/model/service_key.h"

namespace pinion {

struct Change {
  // 1. Where full NAT sends from, if that changes.
  struct Local {
    pinion_local_addresses before{};
    pinion_local_addresses after{};
  };
  std::optional<Local> local;

  // 2. Real servers. All of `after` is written: the model has the last known MAC addresses in it,
  // and where they are 0 the map's must become 0, or a reused entry would keep its predecessor's.
  struct Server {
    uint32_t index = 0;
    pinion_real_server before{};
    pinion_real_server after{};
  };
  std::vector<Server> servers;

  // 3. New tables, in ranges of `slots` that no service uses.
  struct Slots {
    uint32_t base = 0;
    std::vector<uint32_t> references;  // PINION_REFERENCE
  };
  std::vector<Slots> slots;

  // 4. The flips, of each key that leads to a service. Without `after` nobody has the key any more,
  // without `before` nobody had it. Those that have an `after` come first: what one key loses
  // another one has already, so that no packet of a service that stays finds none.
  struct Service {
    ServiceKey key;
    std::optional<pinion_service> before;
    std::optional<pinion_service> after;
  };
  std::vector<Service> services;

  bool empty() const { return !local && servers.empty() && slots.empty() && services.empty(); }
};

}  // namespace pinion
