// SPDX-License-Identifier: Apache-2.0
// The maps as arrays, with a Change applied to them as the data plane does it, and what must hold
// of them after each.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "balancer/model/model.h"

namespace pinion {

template <typename T>
bool same_bytes(const T& a, const T& b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

struct SimulatedMaps {
  explicit SimulatedMaps(const config::Limits& limits)
      : servers(limits.servers + 1), slots(limits.slots), replaced_in(limits.slots, -1000) {}

  std::vector<pinion_real_server> servers;
  std::vector<uint32_t> slots;
  std::map<ServiceKey, pinion_service> services;
  pinion_local_addresses local{};
  std::vector<long> replaced_in;  // By slot: the Change that replaced it.
  long changes = 0;

  void apply(const Change& change) {
    if (!change.empty()) ++changes;
    if (change.local) {
      ASSERT_TRUE(same_bytes(local, change.local->before));
      local = change.local->after;
    }
    for (const auto& write : change.servers) {
      ASSERT_LT(write.index, servers.size());
      ASSERT_NE(write.index, 0u);
      ASSERT_TRUE(same_bytes(servers[write.index], write.before)) << "entry " << write.index;
      servers[write.index] = write.after;
    }
    for (const auto& write : change.slots) ASSERT_NO_FATAL_FAILURE(write_slots(write));
    for (const auto& flip : change.services) ASSERT_NO_FATAL_FAILURE(apply(flip));
    ASSERT_TRUE(std::is_partitioned(change.services.begin(), change.services.end(),
                                    [](const auto& flip) { return flip.after.has_value(); }))
        << "what comes is written before what goes";
  }

  // As the data plane does it where a write has failed: last things first, and slots stay.
  void undo(const Change& change) {
    for (auto flip = change.services.rbegin(); flip != change.services.rend(); ++flip) {
      if (flip->before) {
        services[flip->key] = *flip->before;
      } else {
        services.erase(flip->key);
      }
    }
    for (auto write = change.servers.rbegin(); write != change.servers.rend(); ++write)
      servers[write->index] = write->before;
    if (change.local) local = change.local->before;
  }

  // A live table refers to used entries of this very service, and no two tables overlap.
  void check() const {
    std::map<uint32_t, pinion_service> indices;
    std::map<uint32_t, uint32_t> ranges;
    for (const auto& [key, service] : services) {
      const auto [same, fresh] = indices.emplace(service.index, service);
      ASSERT_TRUE(same_bytes(same->second, service)) << "one index, two services";
      if (!fresh) continue;
      for (uint32_t i = 0; i < service.slot_count; ++i) {
        const uint32_t reference = slots[service.slot_base + i];
        const pinion_real_server& entry = servers[PINION_INDEX(reference)];
        ASSERT_EQ(entry.flags & ~(PINION_SERVER_UNREACHABLE | PINION_SERVER_HERE),
                  PINION_SERVER_USED | PINION_SERVER_ACCEPTS);
        ASSERT_EQ(entry.generation, PINION_GENERATION(reference));
        ASSERT_EQ(entry.service, service.index);
      }
      if (service.slot_count > 0) ranges[service.slot_base] = service.slot_count;
    }
    uint32_t end = 0;
    for (const auto& [base, count] : ranges) {
      ASSERT_GE(base, end) << "ranges overlap";
      end = base + count;
    }
    ASSERT_LE(end, slots.size());
  }

  // No packet is in a table that was replaced before a restart.
  void forget_replaced() { std::fill(replaced_in.begin(), replaced_in.end(), -1000); }

  // What a start finds.
  Adopted adopted() const { return {{services.begin(), services.end()}, servers, local}; }

 private:
  void write_slots(const Change::Slots& write) {
    ASSERT_LE(write.base + write.references.size(), slots.size());
    for (const auto& [key, service] : services)
      ASSERT_TRUE(write.base >= service.slot_base + service.slot_count ||
                  write.base + write.references.size() <= service.slot_base)
          << "a live table is overwritten";
    for (size_t i = 0; i < write.references.size(); ++i)
      ASSERT_GT(changes, replaced_in[write.base + i] + 2) << "replaced too recently";
    std::copy(write.references.begin(), write.references.end(), slots.begin() + write.base);
  }

  void apply(const Change::Service& flip) {
    const auto at = services.find(flip.key);
    ASSERT_EQ(at != services.end(), flip.before.has_value());
    if (flip.before) {
      ASSERT_TRUE(same_bytes(at->second, *flip.before));
      std::fill_n(replaced_in.begin() + at->second.slot_base, at->second.slot_count, changes);
    }
    if (flip.after) {
      services[flip.key] = *flip.after;
    } else {
      services.erase(flip.key);
    }
  }
};

inline Address address(uint32_t number) { return Address::from_v4(htonl(0x0a000000u + number)); }

inline config::Service service(std::string name, uint16_t port, std::vector<config::Server> servers,
                               std::string scheduler = "wrr") {
  return {.name = std::move(name),
          .listeners = {{*Prefix::parse("192.168.88.88"), Ports::one(port)}},
          .scheduler = std::move(scheduler),
          .servers = std::move(servers)};
}

// The key of the service's only listener, of one address and port.
inline ServiceKey key_of(const config::Service& service) {
  return keys_of(std::vector{service}).front().front();
}

inline Config config_of(std::vector<config::Service> services) {
  Config config;
  config.services = std::move(services);
  return config;
}

inline Reachability reachable(uint8_t number, bool yes = true) {
  return {.next_hop = {.ifindex = 3,
                       .destination = {{2, 0, 0, 0, 0, number}},
                       .source = {{2, 0, 0, 0, 1, 0}},
                       .mtu = 1500},
          .reachable = yes};
}

inline constexpr config::Limits kSmall{.services = 16, .servers = 64, .slots = 4096};

}  // namespace pinion
