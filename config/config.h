// SPDX-License-Identifier: Apache-2.0
// Everything that an operator may write, as plain values, with all of the defaults.
// config/yaml/load.h reads a Config from YAML, config/check/check.h says what is wrong with one,
// config/yaml/save.h writes one. Equality is what the operator meant: two files that differ in
// layout or in spelt-out defaults give equal values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "balancer/base/net.h"

namespace pinion {
namespace config {

enum class XdpMode { kAuto, kNative, kGeneric };
enum class OnStop { kWithdraw, kKeep };
enum class ClientAddress { kNone, kToa, kProxy };  // In the order of PINION_CLIENT_ADDRESSES.
// In the order of PINION_FORWARDING_METHODS.
enum class Forward { kDirectRouting, kNat, kLocal, kTunnel, kFullNat };

// Whether replies pass through the director, too.
inline bool is_two_sided(Forward forward) {
  return forward == Forward::kNat || forward == Forward::kFullNat;
}

// How many connections the tables hold: fixed when they are made. 0 switches a family off.
struct Connections {
  uint64_t ipv4 = 1 << 20;
  uint64_t ipv6 = 1 << 18;
  bool operator==(const Connections&) const = default;
};

// The idle time after which a connection in each state ends. PINION_STATES has the names.
struct Timeouts {
  std::chrono::milliseconds syn = std::chrono::seconds(30);
  std::chrono::milliseconds established = std::chrono::minutes(15);
  std::chrono::milliseconds fin = std::chrono::minutes(2);
  std::chrono::milliseconds closed = std::chrono::seconds(10);
  std::chrono::milliseconds time_wait = std::chrono::minutes(2);
  std::chrono::milliseconds udp = std::chrono::minutes(5);
  bool operator==(const Timeouts&) const = default;
};

// Sizes of the tables that hold the configuration, fixed when they are made.
struct Limits {
  uint32_t services = 4096;  // Also of listeners at a single port of a host, of all services.
  uint32_t servers = 16384;  // Real servers of all services together.
  uint32_t slots = 1 << 22;  // Entries of all scheduling tables together.
  // The most entries of port ranges and any-port listeners, and the most of prefixes.
  uint32_t prefixes = 16384;
  bool operator==(const Limits&) const = default;
};

struct Control {
  std::string socket = "/run/pinion/control.sock";
  std::string group = "root";
  uint32_t mode = 0660;
  bool operator==(const Control&) const = default;
};

struct Metrics {
  std::string listen = "127.0.0.1:9107";  // "" serves none.
  bool operator==(const Metrics&) const = default;
};

// The address that full NAT sends from and real servers answer to. The daemon adds it to the
// interface, as it does a VIP.
struct LocalAddress {
  Address address;
  std::string interface;
  bool operator==(const LocalAddress&) const = default;
};

struct Director {
  std::string instance = "default";  // Names the pinned maps: /sys/fs/bpf/pinion/<instance>/.
  std::vector<std::string> interfaces;
  XdpMode xdp = XdpMode::kAuto;
  Connections connections;
  Timeouts timeouts;
  Limits limits;
  Control control;
  Metrics metrics;
  OnStop on_stop = OnStop::kWithdraw;
  std::vector<LocalAddress> local_addresses;
  bool operator==(const Director&) const = default;
};

// An address that the daemon adds to an interface (label "3" on eth0 is the sub-interface eth0:3)
// and announces, or a prefix that it routes to the director. A service may also use an address that
// something else configures.
struct Vip {
  Prefix address;
  std::string interface;
  std::string label;
  bool operator==(const Vip&) const = default;
};

struct HostRoute {
  Prefix to;
  std::optional<Address> via;
  std::string interface;
  uint32_t metric = 0;  // 0 is the kernel's own default.
  bool operator==(const HostRoute&) const = default;
};

// How replies that pass the director (nat, fullnat) get back to the client: to where its packets
// came from, or by the director's routes.
enum class Return { kLastHop, kRouted };

enum class TunnelType { kIpip, kGre, kGue };  // In the order of PINION_TUNNELS.

// The encapsulation of packets that go to a server by tun.
struct Tunnel {
  TunnelType type = TunnelType::kIpip;
  Port port = {6080};     // GUE: the UDP port that the server listens on.
  bool checksum = false;  // GUE over IPv4; over IPv6 there always is one.
  // The source of the outer header. In a prefix, the host part varies by flow. The default is the
  // address that the director's routes choose.
  std::optional<Prefix> source;
  bool operator==(const Tunnel&) const = default;
};

// Where a server differs from its service.
struct ServerTunnel {
  std::optional<TunnelType> type;
  std::optional<Port> port;
  std::optional<bool> checksum;
  std::optional<Prefix> source;
  bool operator==(const ServerTunnel&) const = default;
};

inline Tunnel with(Tunnel tunnel, const ServerTunnel& said) {
  tunnel.type = said.type.value_or(tunnel.type);
  tunnel.port = said.port.value_or(tunnel.port);
  tunnel.checksum = said.checksum.value_or(tunnel.checksum);
  if (said.source) tunnel.source = said.source;
  return tunnel;
}

struct Server {
  Address address;
  uint32_t weight = 1;             // 0 to 65535; 0 takes no new connections.
  std::optional<Port> port;        // Default: the service's.
  std::optional<Forward> forward;  // Default: the service's.
  ServerTunnel tunnel;
  std::optional<ClientAddress> client_address;  // Default: the service's.
  bool operator==(const Server&) const = default;
};

// The address, ports and protocol that a service takes packets for.
struct Listener {
  Prefix vip;  // A single host, or a prefix of them.
  Ports ports;
  Protocol protocol = Protocol::kTcp;
  bool operator==(const Listener&) const = default;
};
// "192.168.88.88:80/tcp", "[fd00::1]:8000-8100/udp", "192.0.2.0/28:any/tcp".
std::string to_string(const Listener& listener);
// Reads the same text; the protocol may be left out, and is then TCP.
std::optional<Listener> parse_listener(std::string_view text);

// An aligned block of ports: all that share the first `bits` bits of `first`.
struct PortBlock {
  uint16_t first = 0;
  uint8_t bits = 16;
  auto operator<=>(const PortBlock&) const = default;
};
// The fewest blocks that make up the range (at most 30), in order. If a range is inside another
// one, each of its blocks is inside or equal to one block of the other.
std::vector<PortBlock> blocks_of(const Ports& ports);

// At a prefix each port of a range is an entry of its own, so a range is short.
inline constexpr uint32_t kMostPortsOfPrefix = 256;

// Values of `mss` that do not stand for a size.
inline constexpr uint32_t kMssOff = 0, kMssAuto = 1;
inline constexpr uint32_t kLeastMss = 88, kMostMss = 65495;

struct Service {
  std::string name;  // Unique. Default: default_name().
  // At least one, all of one address family. A file may give a single listener's keys directly.
  std::vector<Listener> listeners;
  std::string scheduler = "mh";  // A keyword of kSchedulers.
  Forward forward = Forward::kDirectRouting;
  Return replies = Return::kLastHop;  // The key is `return`.
  Tunnel tunnel;
  ClientAddress client_address = ClientAddress::kNone;  // How full NAT passes it on.
  uint32_t mss = kMssOff;  // The upper bound for clients and servers, or kMssOff, or kMssAuto.
  std::vector<Server> servers;
  bool operator==(const Service&) const = default;
};

// The name of a service that the operator did not name: "192.168.88.88:80/tcp".
std::string default_name(const Service& service);

// The service's port, if all of its listeners have the same one.
std::optional<Port> port_of(const Service& service);

// What applies to a server of the service. port_of() is empty if the server gets each packet at the
// port that the client used.
inline std::optional<Port> port_of(const Service& service, const Server& server) {
  return server.port ? server.port : port_of(service);
}
inline Forward forward_of(const Service& service, const Server& server) {
  return server.forward.value_or(service.forward);
}
// Whether its clients have IPv6 and the server has IPv4 (NAT64).
inline bool crosses(const Service& service, const Server& server) {
  return forward_of(service, server) == Forward::kFullNat && server.address.is_v4() &&
         !service.listeners.empty() && !service.listeners.front().vip.address.is_v4();
}
inline ClientAddress client_address_of(const Service& service, const Server& server) {
  return server.client_address.value_or(service.client_address);
}
inline Tunnel tunnel_of(const Service& service, const Server& server) {
  return with(service.tunnel, server.tunnel);
}

// A real server as an operator names it: "10.0.0.1", or "10.0.0.1:8080" if several servers share
// the address.
struct ServerName {
  Address address;
  std::optional<Port> port;
  bool operator==(const ServerName&) const = default;
};
std::optional<ServerName> parse_server_name(std::string_view text);
std::string to_string(const ServerName& name);

}  // namespace config

struct Config {
  config::Director director;
  std::vector<config::Vip> vips;
  std::vector<config::HostRoute> host_routes;
  std::vector<config::Service> services;
  bool operator==(const Config&) const = default;
};

}  // namespace pinion
