// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/config/random_config.h"

#include <algorithm>
#include <set>

namespace pinion::config {
namespace {

class Generator {
 public:
  explicit Generator(std::mt19937& random) : random_(random) {}

  Config config() {
    Config config;
    config.director = director();
    std::set<Address> kept;
    for (uint32_t i = below(4); i > 0; --i)
      if (Vip made = vip(); kept.insert(made.address.address).second) config.vips.push_back(made);
    for (uint32_t i = below(4); i > 0; --i) config.host_routes.push_back(host_route(i));
    for (uint32_t i = below(5); i > 0; --i)
      config.services.push_back(service(static_cast<uint16_t>(i * 1000 + below(1000))));
    return config;
  }

 private:
  uint32_t below(uint32_t bound) {
    return std::uniform_int_distribution<uint32_t>(0, bound - 1)(random_);
  }
  bool chance() { return below(2) == 0; }
  template <typename V>
  V one_of(std::initializer_list<V> values) {
    return values.begin()[below(static_cast<uint32_t>(values.size()))];
  }
  template <typename V>
  void perhaps(V& value, V other) {
    if (chance()) value = std::move(other);
  }

  Address address(bool v4) {
    if (v4) return Address::from_v4(htonl(0x0a000000 + below(1 << 24)));
    std::array<uint8_t, 16> bytes{0xfd};
    // Many zeros, and digits only, are what makes IPv6 addresses awkward in YAML.
    for (size_t i = 1; i < 16; ++i) bytes[i] = chance() ? 0 : static_cast<uint8_t>(below(256));
    return Address::from_v6(bytes);
  }

  std::string interface() {
    return one_of<std::string>({"eth0", "true", "7", "-x", "a\"b", "a\\b", "#1", "1e3", "~", "n"});
  }

  std::chrono::milliseconds time() {
    return one_of<std::chrono::milliseconds>({std::chrono::seconds(1), std::chrono::hours(24),
                                              std::chrono::milliseconds(1000 + below(80000000)),
                                              std::chrono::minutes(1 + below(1000))});
  }

  Director director() {
    Director made;
    perhaps<std::string>(made.instance, one_of<std::string>({"a", "0", "-", "null", "1_0", "Yes"}));
    made.interfaces = {interface()};
    if (chance()) made.interfaces.push_back("eth1");
    made.xdp = one_of({XdpMode::kAuto, XdpMode::kNative, XdpMode::kGeneric});
    perhaps<uint64_t>(made.connections.ipv4, 1024 + below(1 << 30));
    perhaps<uint64_t>(made.connections.ipv6, uint64_t{1} << (10 + below(21)));
    for (auto member : {&Timeouts::syn, &Timeouts::established, &Timeouts::fin, &Timeouts::closed,
                        &Timeouts::udp})
      perhaps(made.timeouts.*member, time());
    perhaps<uint32_t>(made.limits.services, 10 + below(1000));
    perhaps<uint32_t>(made.limits.servers, 100 + below(1000));
    perhaps<uint32_t>(made.limits.slots, 1u << below(28));
    perhaps<std::string>(
        made.control.socket,
        one_of<std::string>({"/x", "/a b: c #d", "/\xc3\xa9\n\t\"\\", "/{}[],&*"}));
    perhaps<std::string>(made.control.group, one_of<std::string>({"0", "adm", "no", "1_000"}));
    perhaps<uint32_t>(made.control.mode, below(01000));
    perhaps<std::string>(made.metrics.listen, one_of<std::string>({"", "[::1]:1", "1.2.3.4:5"}));
    made.on_stop = one_of({OnStop::kWithdraw, OnStop::kKeep});
    made.local_addresses = {{address(true), interface()}, {address(false), interface()}};
    return made;
  }

  Vip vip() {
    const Address made = address(chance());
    return {{made, made.bits()}, interface(), one_of<std::string>({"", "3", "no", "1.0", "web"})};
  }

  HostRoute host_route(uint32_t number) {
    const bool v4 = chance();
    HostRoute made;
    const Address to = address(v4);
    made.to = {to, to.bits()};
    if (chance()) made.via = address(v4);
    if (!made.via || chance()) made.interface = interface();
    made.metric = chance() ? number : number * 1000000000;
    return made;
  }

  Tunnel tunnel(bool v4) {
    Tunnel made;
    made.type = one_of({TunnelType::kIpip, TunnelType::kGre, TunnelType::kGue});
    perhaps<Port>(made.port, {static_cast<uint16_t>(1 + below(65535))});
    made.checksum = made.type == TunnelType::kGue && chance();
    if (chance()) made.source = Prefix{address(v4), static_cast<uint8_t>(1 + below(32))};
    return made;
  }

  // What a server of the service says otherwise.
  ServerTunnel server_tunnel(bool v4) {
    if (chance()) return {};
    const Tunnel made = tunnel(v4);
    return {made.type, chance() ? std::optional(made.port) : std::nullopt, made.checksum,
            made.source};
  }

  // Prefixes are outside of where the servers are.
  Prefix vip_of_service(bool v4) {
    if (below(4)) {
      const Address made = address(v4);
      return {made, made.bits()};
    }
    const Address network = v4 ? Address::from_v4(htonl(0x0b000000 + below(1 << 24)))
                               : *Address::parse("2001:db8:" + std::to_string(below(9999)) + "::");
    const Prefix made = {network, static_cast<uint8_t>((v4 ? 24 : 48) + below(8))};
    return {made.network(), made.length};
  }

  Ports ports(uint16_t port) {
    const Ports range = {port, static_cast<uint16_t>(port + 1 + below(200))};
    return one_of({Ports::one(port), Ports::one(port), range, Ports::any()});
  }

  std::vector<Listener> listeners(uint16_t port, bool v4) {
    std::vector<Listener> made;
    std::set<Prefix> seen;
    for (uint32_t i = 1 + below(3) * below(2); i > 0; --i)
      if (const Prefix vip = vip_of_service(v4); seen.insert(vip).second)
        made.push_back({vip, ports(port), one_of({Protocol::kTcp, Protocol::kUdp})});
    return made;
  }

  Service service(uint16_t port) {
    const bool v4 = chance();
    Service made;
    made.listeners = listeners(port, v4);
    made.name = default_name(made);
    perhaps<std::string>(made.name, one_of<std::string>({"web", "0", "off", "a/b:c", ":", "-"}) +
                                        std::to_string(port));
    made.scheduler = one_of<std::string>({"rr", "wrr", "mh"});
    made.tunnel = tunnel(v4);
    std::set<Address> used;
    for (const Listener& listener : made.listeners) used.insert(listener.vip.address);
    for (uint32_t i = below(6); i > 0; --i)
      if (const Address server = address(v4); used.insert(server).second)
        made.servers.push_back({server, one_of<uint32_t>({0, 1, 2, 65535}),
                                chance() ? port_of(made) : std::nullopt,
                                one_of<std::optional<Forward>>({{},
                                                                Forward::kDirectRouting,
                                                                Forward::kLocal,
                                                                Forward::kTunnel,
                                                                Forward::kFullNat}),
                                server_tunnel(v4)});
    tell(made);
    return made;
  }

  // Of the client, those that can be told.
  void tell(Service& made) {
    const auto is_tcp = [](const Listener& one) { return one.protocol == Protocol::kTcp; };
    if (!std::all_of(made.listeners.begin(), made.listeners.end(), is_tcp)) return;
    const auto any = [&] {
      return one_of({ClientAddress::kNone, ClientAddress::kToa, ClientAddress::kProxy});
    };
    if (!made.servers.empty()) made.client_address = any();
    const auto is_by_full_nat = [](const Server& one) { return one.forward == Forward::kFullNat; };
    if (!made.servers.empty() &&
        std::all_of(made.servers.begin(), made.servers.end(), is_by_full_nat))
      made.mss = one_of<uint32_t>({kMssOff, kMssAuto, kLeastMss, 1400, kMostMss});
    for (Server& server : made.servers) {
      if (server.forward != Forward::kFullNat)
        server.client_address = ClientAddress::kNone;
      else if (chance())
        server.client_address = any();
    }
  }

  std::mt19937& random_;
};

}  // namespace

Config random_config(std::mt19937& random) { return Generator(random).config(); }

}  // namespace pinion::config
