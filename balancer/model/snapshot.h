// SPDX-License-Identifier: Apache-2.0
// What the director is and has done, at one moment, as plain values. The director fills it in;
// the control verbs and the metrics only read it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "balancer/base/net.h"
#include "balancer/bpf/abi/abi.h"
#include "config/config.h"

namespace pinion {

// Counts since the service, or server, came to be. Bytes are those of IP packets.
struct Traffic {
  uint64_t connections = 0;
  uint64_t packets = 0;
  uint64_t bytes = 0;
  uint64_t reply_packets = 0;  // Where replies pass the director.
  uint64_t reply_bytes = 0;

  Traffic& operator+=(const Traffic& other) {
    connections += other.connections;
    packets += other.packets;
    bytes += other.bytes;
    reply_packets += other.reply_packets;
    reply_bytes += other.reply_bytes;
    return *this;
  }
};

struct ServerSnapshot {
  Address address;
  Port port;  // 0: whichever a packet came for.
  config::Forward forward = config::Forward::kDirectRouting;
  config::Tunnel tunnel;  // Where it is forwarded to by tun.
  uint32_t weight = 0;
  bool reachable = false;  // Its next hop has a MAC address, and answers.
  bool leaving = false;    // Removed from the configuration, and still has connections.
  Mac next_hop;            // All 0 where it has not been resolved.
  std::string interface;   // Egress; "" where it has not been resolved.
  uint32_t active = 0;     // Connections that are established, and UDP flows.
  uint32_t inactive = 0;   // All other connections.
  Traffic traffic;
};

struct ServiceSnapshot {
  std::string name;
  std::vector<config::Listener> listeners;
  std::string scheduler;
  config::Forward forward = config::Forward::kDirectRouting;
  std::vector<ServerSnapshot> servers;
  Traffic traffic;  // Of all its servers, those that are gone included: it never decreases.
};

struct InterfaceSnapshot {
  std::string name;
  uint32_t index = 0;  // 0: there is no such interface at the moment.
  bool up = false;
  bool attached = false;
  bool native = false;  // The XDP mode, where attached.
  // Where the program is: the interface itself, or the one below it that its frames come in by,
  // with these VLANs, the outermost first. Where that is a bond, it has these ports.
  std::string device;
  std::vector<uint16_t> vlans;
  std::vector<std::string> ports;
};

// One family's connection table.
struct TableSnapshot {
  std::string family;        // "ipv4", "ipv6"
  uint64_t capacity = 0;     // Connections that the configuration asks room for.
  uint64_t entries = 0;      // Places that memory has.
  uint64_t connections = 0;  // Now: what its real servers have, which is exact.
  // Entries in each state, as the last complete sweep saw them.
  std::array<uint64_t, PINION_STATE_COUNT> states{};
  uint64_t local_ports = 0;  // Connections by full NAT that each real server has ports for.
  uint64_t replies = 0;      // Entries then that were the reply half of a connection.
  uint64_t expired = 0;      // Connections ended by the sweeps since start.
  uint64_t sweeps = 0;       // Complete ones since start.
  std::chrono::nanoseconds last_sweep{};  // CPU time of the last complete one.
};

struct Snapshot {
  std::string version;
  std::string instance;
  std::string config_file;
  uint32_t pid = 0;
  std::chrono::system_clock::time_point started;
  std::chrono::system_clock::time_point taken;
  bool adopted = false;            // This start found a running data plane and kept it.
  bool differs_from_file = false;  // Changed at run time since the last reload.
  uint64_t reloads = 0;
  uint64_t failed_reloads = 0;
  std::string last_reload_error;      // "" where the last one succeeded.
  std::vector<std::string> warnings;  // Of what is live: what is legal and likely a mistake.
  std::vector<InterfaceSnapshot> interfaces;
  std::vector<TableSnapshot> tables;
  std::array<uint64_t, PINION_VERDICT_COUNT> verdicts{};
  std::vector<ServiceSnapshot> services;
};

}  // namespace pinion
