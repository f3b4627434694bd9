// SPDX-License-Identifier: Apache-2.0
// Exactly what an operator may write, as plain values; every default is here and only here.
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

// Replies pass the director, too.
inline bool is_two_sided(Forward forward) {
  return forward == Forward::kNat || forward == Forward::kFullNat;
}

// Connections that the tables hold. Drawn up when the tables are made; 0 switches a family off.
struct Connections {
  uint64_t ipv4 = 1 << 20;
  uint64_t ipv6 = 1 << 18;
  bool operator==(const Connections&) const = default;
};

// Idle time after which a connection in such a state ends. The names are those in PINION_STATES.
struct Timeouts {
  std::chrono::milliseconds syn = std::chrono::seconds(30);
  std::chrono::milliseconds established = std::chrono::minutes(15);
  std::chrono::milliseconds fin = std::chrono::minutes(2);
  std::chrono::milliseconds closed = std::chrono::seconds(10);
  std::chrono::milliseconds time_wait = std::chrono::minutes(2);
  std::chrono::milliseconds udp = std::chrono::minutes(5);
  bool operator==(const Timeouts&) const = default;
};

// Room in the tables that hold the configuration, fixed when they are made.
struct Limits {
  uint32_t services = 4096;  // And listeners at one address and port, of all together.
  uint32_t servers = 16384;  // Real servers of all services together.
  uint32_t slots = 1 << 22;  // Entries of all scheduling tables together.
  // Entries that port ranges and any-port listeners have together, and those of prefixes.
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

// Where full NAT sends from, and real servers answer to: kept on the interface as a VIP is.
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
// and announces, or a prefix that it makes the director's own by a local route. A service may also
// stand on an address that somebody else keeps.
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

// What is around packets that go to a server by tun.
struct Tunnel {
  TunnelType type = TunnelType::kIpip;
  Port port = {6080};     // Of GUE, where the server takes it.
  bool checksum = false;  // Of GUE over IPv4; over IPv6 there always is one.
  // Where they come from. Of a prefix, the host's part varies by flow. Without one it is the
  // director's address on the way to the server.
  std::optional<Prefix> source;
  bool operator==(const Tunnel&) const = default;
};

// What a server says otherwise than its service.
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
  std::optional<Port> port;        // Where it is not the service's.
  std::optional<Forward> forward;  // Where it is not the service's.
  ServerTunnel tunnel;
  std::optional<ClientAddress> client_address;  // Where it is not the service's.
  bool operator==(const Server&) const = default;
};

// What a service takes packets for.
struct Listener {
  Prefix vip;  // A single host, or a prefix of them.
  Ports ports;
  Protocol protocol = Protocol::kTcp;
  bool operator==(const Listener&) const = default;
};
// "192.168.88.88:80/tcp", "[fd00::1]:8000-8100/udp", "192.0.2.0/28:any/tcp".
std::string to_string(const Listener& listener);
// The same, where a protocol that is not given is TCP.
std::optional<Listener> parse_listener(std::string_view text);

// Of a range of ports: an aligned block of them, all that have the first `bits` bits of `first`.
struct PortBlock {
  uint16_t first = 0;
  uint8_t bits = 16;
  auto operator<=>(const PortBlock&) const = default;
};
// As few blocks as there can be, at most 30, in order. A block of a range that is inside another
// one is inside one of that one's, or equals it.
std::vector<PortBlock> blocks_of(const Ports& ports);

// Of a range at a prefix every port is an entry of its own, so they are few.
inline constexpr uint32_t kMostPortsOfPrefix = 256;

// The values of an MSS that are none.
inline constexpr uint32_t kMssOff = 0, kMssAuto = 1;
inline constexpr uint32_t kLeastMss = 88, kMostMss = 65495;

struct Service {
  std::string name;  // Unique; where the file has none, that of its first listener.
  // At least one, all of a family. A file may say the only one's keys beside this one.
  std::vector<Listener> listeners;
  std::string scheduler = "mh";  // A keyword of kSchedulers.
  Forward forward = Forward::kDirectRouting;
  Return replies = Return::kLastHop;  // The key is `return`.
  Tunnel tunnel;
  ClientAddress client_address = ClientAddress::kNone;  // How full NAT tells it.
  uint32_t mss = kMssOff;  // Of its clients and servers, at most; or kMssOff, or kMssAuto.
  std::vector<Server> servers;
  bool operator==(const Service&) const = default;
};

// The name that a service gets where the operator gives none: "192.168.88.88:80/tcp".
std::string default_name(const Service& service);

// The one port that the service has; nothing where its packets come for several.
std::optional<Port> port_of(const Service& service);

// What holds for a server of the service. Without a port of its own, and where the service has
// several, it gets each packet at the port that it came for.
inline std::optional<Port> port_of(const Service& service, const Server& server) {
  return server.port ? server.port : port_of(service);
}
inline Forward forward_of(const Service& service, const Server& server) {
  return server.forward.value_or(service.forward);
}
// Its clients have IPv6, and it has IPv4.
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

// A real server as an operator names it: "10.0.0.1", or "10.0.0.1:8080" where its address alone
// does not tell it from another one.
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
