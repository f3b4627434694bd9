// SPDX-License-Identifier: Apache-2.0
// A director whose real servers are reached by full NAT, and what packets become on either way.
#pragma once

#include <linux/bpf.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "balancer/bpf/conntrack/connection_table.h"
#include "tests/packet/director.h"
#include "tests/packet/families.h"

namespace pinion::packet {

class WithFullNat : public WithDirector {
 protected:
  static constexpr uint32_t kServer = 5, kServer6 = 6, kOther = 7;
  static constexpr char kServerAddress[] = "192.168.5.5", kServerAddress6[] = "fd00:5::5";
  static constexpr char kOtherAddress[] = "192.168.5.7";
  static constexpr uint16_t kServerPort = 8080;
  static constexpr char kVip6[] = "2001:db8::1";
  static constexpr char kLocal[] = "10.0.0.200", kLocal6[] = "fd00::200";
  static constexpr uint32_t kAllPorts = 65536 - PINION_FIRST_LOCAL_PORT;

  void SetUp() override {
    WithDirector::SetUp();
    if (IsSkipped()) return;
    add(kServer, kServerAddress);
    add(kServer6, kServerAddress6);
    serve("10.0.0.1", kServer);
    serve(kVip6, kServer6);
    director().send_from({kLocal, kLocal6}, kAllPorts);
  }

  static void add(uint32_t server, const std::string& address) {
    director().add_server(
        server, {.method = PINION_METHOD_FULLNAT, .address = address, .port = kServerPort});
    director().look_at(address);
  }
  static void serve(const std::string& vip, uint32_t server) {
    for (const auto& [protocol, port] : {std::pair(kTcp, 80), {kUdp, 53}})
      director().add_service({.address = vip,
                              .port = static_cast<uint16_t>(port),
                              .protocol = protocol,
                              .slot_base = 10 + server,
                              .slots = {server}});
  }

  // The port that the client's connection has now; 0 if none, or if there is no such connection.
  static uint16_t local_port(const Packet& packet) {
    uint16_t found = 0;
    const auto look = [&](const auto& entry) {
      if (!(entry.connection.flags & PINION_FULLNAT)) return;
      if (pinion_state_of(entry.connection.word) <= PINION_STATE_CLAIMED) return;
      if (entry.flow.sport == __builtin_bswap16(packet.sport))
        found = __builtin_bswap16(entry.flow.local_port);
    };
    for (const auto& entry : director().entries4()) look(entry);
    for (const auto& entry : director().entries6()) look(entry);
    return found;
  }

  // What the client's packet becomes, sent from that port.
  static Packet arrived(Packet packet, uint16_t port) {
    const bool v6 = is_v6(packet);
    packet.destination_mac = next_hop_of(v6 ? kServer6 : kServer);
    packet.source_mac = kEgressMac;
    packet.from = v6 ? kLocal6 : kLocal;
    packet.to = v6 ? kServerAddress6 : kServerAddress;
    packet.sport = port;
    packet.dport = kServerPort;
    --packet.ttl;
    return packet;
  }
  static Bytes to_server(const Packet& packet, uint16_t port) {
    return build(arrived(packet, port));
  }

  // What the real server answers there, and what becomes of that.
  static Packet reply(Packet packet, uint16_t port, uint8_t flags = kSyn | kAck) {
    const bool v6 = is_v6(packet);
    packet.from = v6 ? kServerAddress6 : kServerAddress;
    packet.to = v6 ? kLocal6 : kLocal;
    packet.sport = kServerPort;
    packet.dport = port;
    packet.flags = flags;
    packet.source_mac = "02:00:00:00:00:dd";
    packet.payload = Bytes(33, 'y');
    return packet;
  }
  static Packet received(const Packet& asked, Packet answer) {
    answer.destination_mac = asked.source_mac;
    answer.source_mac = asked.destination_mac;
    answer.from = asked.to;
    answer.to = asked.from;
    answer.sport = asked.dport;
    answer.dport = asked.sport;
    --answer.ttl;
    return answer;
  }
  static Bytes to_client(const Packet& asked, const Packet& answer) {
    return build(received(asked, answer));
  }

  // A packet of the client, which has its connection's port; the port.
  uint16_t ask(const Packet& packet, pinion_verdict verdict = PINION_FORWARD_NEW) {
    const Ran ran = director().run(build(packet));
    const uint16_t port = local_port(packet);
    EXPECT_NE(port, 0u);
    EXPECT_EQ(ran.action, static_cast<uint32_t>(XDP_TX)) << name_of(verdict);
    EXPECT_EQ(hex(ran.out), hex(to_server(packet, port)));
    return port;
  }
  void answer(const Packet& asked, uint16_t port, uint8_t flags = kSyn | kAck) {
    const Packet answer = reply(asked, port, flags);
    expect(build(answer), PINION_FORWARD_REPLY, to_client(asked, answer));
  }

  static Packet from_port(uint16_t sport) { return {.sport = sport}; }

  // Takes every pair of a small pool, by one connection each; the ports, by the client's port.
  std::map<uint16_t, uint16_t> take_all(uint32_t ports) {
    director().send_from({kLocal}, ports);
    std::map<uint16_t, uint16_t> taken;
    for (uint16_t sport = 40000; taken.size() < ports; ++sport)
      taken[sport] = ask(from_port(sport));
    return taken;
  }
  static size_t halves(uint16_t flag) {
    size_t count = 0;
    director().each_connection(
        [&](const pinion_connection& one) { count += (one.flags & flag) != 0; });
    return count;
  }
  static void set_states(pinion_state state) {
    director().each_connection([state](pinion_connection& one) {
      one.word = pinion_with_state(one.word, static_cast<uint8_t>(state));
    });
  }
};

}  // namespace pinion::packet
