// SPDX-License-Identifier: Apache-2.0
// A director whose real servers are reached by full NAT, and told of their clients.
#pragma once

#include <linux/bpf.h>

#include <string>
#include <vector>

#include "balancer/bpf/connection_table.h"
#include "tests/packet/director.h"
#include "tests/packet/families.h"

namespace pinion::packet {

class Told : public WithDirector {
 protected:
  static constexpr uint32_t kServer = 5, kServer6 = 6;
  static constexpr char kServerAddress[] = "192.168.5.5", kServerAddress6[] = "fd00:5::5";
  static constexpr char kLocal[] = "10.0.0.200", kLocal6[] = "fd00::200";
  static constexpr uint16_t kServerPort = 8080;
  static constexpr uint32_t kIsn = 0xfffffff0;  // Streams wrap soon.

  explicit Told(pinion_client_address how) : how_(how) {}

  void SetUp() override {
    WithDirector::SetUp();
    if (IsSkipped()) return;
    add(kServer, kServerAddress, "10.0.0.1");
    add(kServer6, kServerAddress6, "2001:db8::1");
    director().send_from({kLocal, kLocal6}, 1);  // So every connection has the first port.
  }

  void add(uint32_t server, const std::string& address, const std::string& vip) {
    director().add_server(server, {.method = PINION_METHOD_FULLNAT,
                                   .address = address,
                                   .port = kServerPort,
                                   .client_address = how_});
    director().look_at(address);
    director().add_service({.address = vip, .slot_base = 10 + server, .slots = {server}});
  }
  void tell_by(pinion_client_address how) {
    for (const uint32_t server : {kServer, kServer6})
      director().servers()[server].client_address = static_cast<uint8_t>(how);
  }

  static std::vector<Packet> both(const Packet& packet) { return {packet, ipv6(packet)}; }

  // Of the client's stream: `offset` bytes behind its first one.
  static Packet segment(Packet packet, uint32_t offset, const Bytes& payload = {},
                        uint8_t flags = kAck) {
    packet.flags = flags;
    packet.seq = kIsn + 1 + offset;
    packet.payload = payload;
    return packet;
  }
  static Packet syn(Packet packet = {}) { return segment(packet, ~0u, {}, kSyn); }

  // What the client's packet becomes, but for what tells.
  static Packet to_server(Packet packet) {
    const bool v6 = is_v6(packet);
    packet.destination_mac = next_hop_of(v6 ? kServer6 : kServer);
    packet.source_mac = kEgressMac;
    packet.from = v6 ? kLocal6 : kLocal;
    packet.to = v6 ? kServerAddress6 : kServerAddress;
    packet.sport = PINION_FIRST_LOCAL_PORT;
    packet.dport = kServerPort;
    --packet.ttl;
    return packet;
  }

  // The server's answer, which acknowledges so many bytes of its stream.
  static Packet answer(Packet asked, uint32_t acknowledged, uint8_t flags = kAck) {
    const bool v6 = is_v6(asked);
    asked.from = v6 ? kServerAddress6 : kServerAddress;
    asked.to = v6 ? kLocal6 : kLocal;
    asked.sport = kServerPort;
    asked.dport = PINION_FIRST_LOCAL_PORT;
    asked.flags = flags;
    asked.source_mac = "02:00:00:00:00:dd";
    asked.seq = 7000;
    asked.ack = kIsn + 1 + acknowledged;
    asked.payload = Bytes(33, 'y');
    asked.tcp_options = {};
    return asked;
  }
  static Packet to_client(const Packet& asked, Packet answer) {
    answer.destination_mac = asked.source_mac;
    answer.source_mac = asked.destination_mac;
    answer.from = asked.to;
    answer.to = asked.from;
    answer.sport = asked.dport;
    answer.dport = asked.sport;
    --answer.ttl;
    return answer;
  }

  void sends(const Packet& packet, const Packet& out,
             pinion_verdict verdict = PINION_FORWARD_KNOWN) {
    expect(build(packet), verdict, build(out));
  }
  // What the client gets of the answer acknowledges so many bytes.
  void answers(const Packet& asked, const Packet& answer, uint32_t acknowledged) {
    Packet out = to_client(asked, answer);
    out.ack = kIsn + 1 + acknowledged;
    expect(build(answer), PINION_FORWARD_REPLY, build(out));
  }

  static size_t connections_with(uint16_t flags) {
    size_t count = 0;
    director().each_connection(
        [&](const pinion_connection& one) { count += (one.flags & flags) == flags; });
    return count;
  }
  static void set_states(pinion_state state) {
    director().each_connection([state](pinion_connection& one) {
      one.word = pinion_with_state(one.word, static_cast<uint8_t>(state));
    });
  }

 private:
  const pinion_client_address how_;
};

inline Bytes joined(Bytes first, const Bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

inline Bytes mss_option(uint16_t mss) {
  return {2, 4, static_cast<uint8_t>(mss >> 8), static_cast<uint8_t>(mss)};
}

}  // namespace pinion::packet
