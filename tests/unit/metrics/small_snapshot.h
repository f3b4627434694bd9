// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "balancer/model/snapshot.h"

namespace pinion::test {

// One service with two real servers, of which the second is gone; every figure is another one.
inline Snapshot small_snapshot() {
  Snapshot snapshot;
  snapshot.version = "0.1.0";
  snapshot.started =
      std::chrono::system_clock::time_point(std::chrono::milliseconds(1700000000500));
  snapshot.adopted = true;
  snapshot.reloads = 3;
  snapshot.failed_reloads = 1;
  snapshot.last_reload_error = "pinion.yaml:1:1: expected a mapping";
  snapshot.interfaces = {
      {.name = "eth0", .index = 2, .up = true, .attached = true, .native = true},
      {.name = "eth1", .index = 3, .up = true, .attached = true, .native = false},
      {.name = "eth2"}};

  TableSnapshot table{.family = "ipv4", .capacity = 1000, .entries = 2048};
  for (size_t state = 0; state < table.states.size(); ++state) table.states[state] = 10 + state;
  table.local_ports = 64512;
  table.expired = 77;
  table.sweeps = 12;
  table.last_sweep = std::chrono::microseconds(2500);
  snapshot.tables = {table};

  for (size_t verdict = 0; verdict < snapshot.verdicts.size(); ++verdict)
    snapshot.verdicts[verdict] = 100 + verdict;

  ServiceSnapshot service{.name = "web",
                          .listeners = {{*Prefix::parse("192.168.88.88"), Ports::one(80)}}};
  service.servers = {{.address = *Address::parse("192.168.146.131"),
                      .port = {80},
                      .weight = 2,
                      .reachable = true,
                      .active = 5,
                      .inactive = 6,
                      .traffic = {.connections = 21, .packets = 22, .bytes = 23}},
                     {.address = *Address::parse("2001:db8::2"),
                      .port = {80},
                      .weight = 1,
                      .leaving = true,
                      .active = 7,
                      .inactive = 8,
                      .traffic = {.connections = 31, .packets = 32, .bytes = 33}}};
  service.traffic = {.connections = 62, .packets = 64, .bytes = 1ull << 50};
  snapshot.services = {service};
  return snapshot;
}

}  // namespace pinion::test
