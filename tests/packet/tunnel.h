// SPDX-License-Identifier: Apache-2.0
// A director whose only real server is reached through a tunnel, and what its packets become.
#pragma once

#include <algorithm>
#include <string>

#include "balancer/bpf/lib/hash.h"
#include "tests/packet/director.h"
#include "tests/packet/families.h"

namespace pinion::packet {

inline constexpr uint32_t kServer = 9;
inline constexpr uint16_t kVlan = 0x8100, kServiceVlan = 0x88a8;
inline constexpr uint8_t kIpip = 4, kIpv6 = 41, kGre = 47;
inline constexpr uint16_t kPort = 6080;

inline constexpr char kServer4[] = "192.0.2.11", kSource4[] = "192.0.2.2";
inline constexpr char kServer6[] = "2001:db8:2::11", kSource6[] = "2001:db8:2::2";

inline void put_words(const std::string& address, __be32 (&words)[4]) {
  Bytes bytes = address_bytes(address);
  if (bytes.size() == 4) bytes.insert(bytes.begin(), {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff});
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<uint8_t*>(words));
}

struct Kind {
  pinion_tunnel tunnel = PINION_TUNNEL_IPIP;
  bool checksum = false;
};

class WithTunnel : public WithDirector {
 protected:
  void SetUp() override {
    WithDirector::SetUp();
    if (IsSkipped()) return;
    director().add_server(kServer, {.method = PINION_METHOD_TUN});
    for (const char* vip : {"10.0.0.1", "2001:db8::1"})
      for (const uint8_t protocol : {kTcp, kUdp, kSctp})
        director().add_service(
            {.address = vip, .protocol = protocol, .slot_base = 20, .slots = {kServer}});
  }

  void to_server(const std::string& address, const std::string& source, uint8_t source_bits = 0,
                 Kind kind = {}) {
    director().add_server(kServer, {.method = PINION_METHOD_TUN});
    pinion_real_server& server = director().servers()[kServer];
    put_words(address, server.address);
    put_words(source, server.tunnel_source);
    server.source_bits = source_bits;
    server.tunnel = static_cast<uint8_t>(kind.tunnel);
    server.tunnel_port = __builtin_bswap16(kPort);
    server.tunnel_flags = kind.checksum ? PINION_TUNNEL_CHECKSUM : 0;
  }

  // What the data plane tells flows apart by.
  uint32_t hash_of(const Packet& packet) {
    pinion_flow6 flow6{.sport = __builtin_bswap16(packet.sport),
                       .dport = __builtin_bswap16(packet.dport),
                       .protocol = packet.protocol};
    put_words(packet.from, flow6.saddr);
    put_words(packet.to, flow6.daddr);
    const pinion_flow4 flow4{.saddr = flow6.saddr[3],
                             .daddr = flow6.daddr[3],
                             .sport = flow6.sport,
                             .dport = flow6.dport,
                             .protocol = flow6.protocol};
    return is_v6(packet) ? pinion_hash(reinterpret_cast<const pinion_word*>(&flow6), 5,
                                       director().settings().seed)
                         : pinion_hash(reinterpret_cast<const pinion_word*>(&flow4), 2,
                                       director().settings().seed);
  }

  // GUE: UDP, then version 0 without options. The checksum is that of all of it, computed plainly.
  void put_gue(Packet& outer, uint8_t inner, uint16_t sport, bool checksum) {
    outer.protocol = kUdp;
    outer.sport = sport;
    outer.dport = kPort;
    outer.payload.insert(outer.payload.begin(), {0, inner, 0, 0});
    outer.udp_checksum = checksum;
  }

  // One hop less to go, inside of a packet from `source` to `address`.
  Bytes wrapped(const Packet& packet, const std::string& address, const std::string& source,
                Kind kind = {}) {
    return wrapped_as(packet, hash_of(packet), address, source, kind);
  }
  Bytes wrapped_as(Packet packet, uint32_t hash, const std::string& address,
                   const std::string& source, Kind kind) {
    --packet.ttl;
    const Bytes inner = build(packet);
    Packet outer = {.tags = packet.tags, .vlans = packet.vlans, .from = source, .to = address};
    outer.protocol = is_v6(packet) ? kIpv6 : kIpip;
    outer.payload.assign(inner.begin() + static_cast<ptrdiff_t>(ip_offset(packet)), inner.end());
    outer.fragment = 0x4000;
    outer.id = 0;
    outer.traffic_class = packet.traffic_class;
    outer.flow_label = hash & 0xfffff;
    if (kind.tunnel == PINION_TUNNEL_GRE) {
      Bytes gre = {0, 0};
      put16(gre, is_v6(packet) ? 0x86dd : 0x0800);
      outer.payload.insert(outer.payload.begin(), gre.begin(), gre.end());
      outer.protocol = kGre;
    } else if (kind.tunnel == PINION_TUNNEL_GUE) {
      const bool known =
          packet.udp_checksum && packet.protocol != kSctp && packet.extensions.empty();
      put_gue(outer, outer.protocol, static_cast<uint16_t>(49152 + hash % 16384),
              known && (kind.checksum || address.find(':') != std::string::npos));
    }
    return towards(kServer, build(outer));
  }

  void expect_wrapped(const Packet& packet, const std::string& address, const std::string& source,
                      Kind kind) {
    to_server(address, source, 0, kind);
    const Bytes out = wrapped(packet, address, source, kind);
    expect(build(packet), PINION_FORWARD_NEW, out);
    expect(build(packet), PINION_FORWARD_KNOWN, out);
    EXPECT_EQ(director().counters(kServer).packets, 2u);
    EXPECT_EQ(director().counters(kServer).bytes, 2 * (build(packet).size() - ip_offset(packet)))
        << "of the packets that came, not of those that left";
  }
};

}  // namespace pinion::packet
