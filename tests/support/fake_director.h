// SPDX-License-Identifier: Apache-2.0
// A director without a data plane: it has what the tests of control and ctl ask for, and obeys.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "balancer/control/director_api.h"

namespace pinion::test {

inline Address address(std::string_view text) { return *Address::parse(text); }

class FakeDirector : public DirectorApi {
 public:
  FakeDirector() {
    live_.director.interfaces = {"eth0"};
    live_.services = {
        {.name = "web",
         .listeners = {{*Prefix::parse("192.168.88.88"), Ports::one(80)}},
         .servers = {{address("192.168.146.131")}, {address("192.168.146.132"), 2}}},
        {.name = "dns",
         .listeners = {{*Prefix::parse("2001:db8::53"), Ports::one(53), Protocol::kUdp}},
         .scheduler = "rr"}};
    on_disk_ = live_;
    table_ = {connection("10.1.0.2", 33676, "192.168.146.131", PINION_STATE_ESTABLISHED),
              connection("10.1.0.3", 33677, "192.168.146.132", PINION_STATE_FIN_WAIT)};
  }

  static Connection connection(std::string_view client, uint16_t port, std::string_view server,
                               pinion_state state) {
    Connection result;
    result.client = {address(client), {port}};
    result.vip = {address("192.168.88.88"), {80}};
    result.service = "web";
    result.server = {address(server), {80}};
    result.state = state;
    result.idle = std::chrono::milliseconds(1500);
    result.expires = std::chrono::minutes(14);
    return result;
  }

  Snapshot snapshot() const override {
    Snapshot snapshot;
    snapshot.version = "0.1.0-daemon";
    snapshot.instance = "default";
    snapshot.config_file = "/etc/pinion/pinion.yaml";
    snapshot.pid = 4711;
    snapshot.started = std::chrono::system_clock::time_point(std::chrono::seconds(1'000'000'000));
    snapshot.taken = snapshot.started + std::chrono::hours(25) + std::chrono::seconds(snapshots_);
    snapshot.differs_from_file = !(live_ == on_disk_);
    snapshot.interfaces = {
        {.name = "eth0",
         .index = 2,
         .up = true,
         .attached = true,
         .native = true,
         .device = "eth0"},
        {.name = "eth1"},
        {.name = "eth0.10.20", .index = 3, .attached = true, .device = "eth0", .vlans = {10, 20}},
        {.name = "bond0.100",
         .index = 4,
         .attached = true,
         .device = "bond0",
         .vlans = {100},
         .ports = {"eth2", "eth3", "eth4"}},
        {.name = "bond0",
         .index = 5,
         .attached = true,
         .device = "bond0",
         .ports = {"eth2", "eth3"}}};
    snapshot.warnings = warnings_;
    snapshot.tables.resize(1);
    snapshot.tables[0].family = "ipv4";
    snapshot.tables[0].capacity = 1 << 20;
    snapshot.tables[0].entries = 1 << 21;
    snapshot.tables[0].connections = 2;
    snapshot.tables[0].states[PINION_STATE_ESTABLISHED] = 2;
    snapshot.verdicts[PINION_FORWARD_KNOWN] = 900;
    snapshot.verdicts[PINION_FORWARD_NEW] = 100;
    snapshot.verdicts[PINION_PASS_NOT_OURS] = 7;
    for (const config::Service& service : live_.services) snapshot.services.push_back(of(service));
    ++snapshots_;
    return snapshot;
  }

  const Config& live() const override { return live_; }

  Result<Config> file() const override {
    if (refusal_) return *refusal_;
    return on_disk_;
  }
  std::string edited() const override { return edited_; }
  Result<Warnings> apply(Config next) override {
    if (refusal_) return *refusal_;
    live_ = std::move(next);
    return warnings_;
  }
  Result<Warnings> reload() override { return apply(on_disk_); }
  Result<> save() override {
    if (refusal_) return *refusal_;
    on_disk_ = live_;
    return {};
  }

  asio::awaitable<std::vector<Connection>> connections(ConnectionFilter filter,
                                                       size_t limit) override {
    std::vector<Connection> found;
    for (const Connection& each : table_)
      if (found.size() < limit && matches(filter, each)) found.push_back(each);
    co_return found;
  }
  asio::awaitable<uint64_t> count_connections(ConnectionFilter filter) override {
    uint64_t count = 0;
    for (const Connection& each : table_) count += matches(filter, each);
    co_return count;
  }
  asio::awaitable<uint64_t> flush_connections(ConnectionFilter filter) override {
    const uint64_t flushed =
        std::erase_if(table_, [&](const Connection& each) { return matches(filter, each); });
    co_return flushed;
  }

  Config live_;
  std::vector<std::pair<std::string, ServerSnapshot>> leaving_;  // By service.
  Config on_disk_;
  std::optional<Error> refusal_;  // What every change and the file answer with.
  std::string edited_;
  Warnings warnings_;  // What every change warns of.
  std::vector<Connection> table_;

 private:
  // Each snapshot is taken a second after the one before, and has counted more.
  ServiceSnapshot of(const config::Service& service) const {
    ServiceSnapshot result;
    result.name = service.name;
    result.listeners = service.listeners;
    result.scheduler = service.scheduler;
    for (const config::Server& server : service.servers) {
      ServerSnapshot row;
      row.address = server.address;
      row.port = port_of(service, server).value_or(Port());
      row.forward = forward_of(service, server);
      row.tunnel = tunnel_of(service, server);
      row.weight = server.weight;
      row.reachable = server.address == address("192.168.146.131");
      if (row.reachable) row.next_hop = *Mac::parse("02:00:00:00:00:83");
      if (row.reachable) row.interface = "eth0";
      row.active = 1;
      row.traffic = {1000 + 10 * snapshots_, 5000 + 50 * snapshots_, 3 << 20};
      result.traffic += row.traffic;
      result.servers.push_back(row);
    }
    for (const auto& [name, row] : leaving_)
      if (name == service.name) result.servers.push_back(row);
    return result;
  }

  static bool matches(const ConnectionFilter& filter, const Connection& each) {
    const auto in_prefix = [&](const Prefix& prefix) {
      const size_t offset = prefix.address.is_v4() ? 12 : 0;
      for (size_t bit = 0; bit < prefix.length; ++bit) {
        const size_t at = offset + bit / 8;
        const int mask = 0x80 >> (bit % 8);
        if ((prefix.address.bytes()[at] ^ each.client.address.bytes()[at]) & mask) return false;
      }
      return true;
    };
    return (!filter.service || *filter.service == each.service) &&
           (!filter.server || is_called(each.server, *filter.server)) &&
           (!filter.state || *filter.state == each.state) &&
           (!filter.client || in_prefix(*filter.client));
  }

  mutable uint64_t snapshots_ = 0;
};

}  // namespace pinion::test
