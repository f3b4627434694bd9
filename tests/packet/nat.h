// SPDX-License-Identifier: Apache-2.0
// A director whose real servers are reached by NAT, and what packets become on either way.
#pragma once

#include <string>
#include <utility>

#include "tests/packet/director.h"
#include "tests/packet/families.h"

namespace pinion::packet {

class WithNat : public WithDirector {
 protected:
  static constexpr uint32_t kServer = 5, kServer6 = 6;
  static constexpr char kServerAddress[] = "192.168.5.5", kServerAddress6[] = "fd00:5::5";
  static constexpr uint16_t kServerPort = 8080;
  // The same hosts, for SCTP, whose ports stay as they are.
  static constexpr uint32_t kSctpServer = 7, kSctpServer6 = 8;

  void SetUp() override {
    WithDirector::SetUp();
    if (IsSkipped()) return;
    add(kServer, kServerAddress, "10.0.0.1", kServer);
    add(kServer6, kServerAddress6, "2001:db8::1", kServer6);
    add_sctp(kSctpServer, kServerAddress, "10.0.0.1");
    add_sctp(kSctpServer6, kServerAddress6, "2001:db8::1");
  }

  static void add(uint32_t server, const std::string& address, const std::string& vip,
                  uint32_t slot, uint32_t index = 1) {
    director().add_server(server,
                          {.method = PINION_METHOD_NAT, .address = address, .port = kServerPort});
    director().look_at(address);
    for (const auto& [protocol, port] : {std::pair(kTcp, 80), {kUdp, 53}})
      director().add_service({.address = vip,
                              .port = static_cast<uint16_t>(port),
                              .protocol = protocol,
                              .index = index,
                              .slot_base = slot,
                              .slots = {server}});
  }

  static void add_sctp(uint32_t server, const std::string& address, const std::string& vip) {
    director().add_server(server, {.method = PINION_METHOD_NAT, .address = address});
    director().add_service({.address = vip,
                            .protocol = kSctp,
                            .index = server,
                            .slot_base = 40 + server,
                            .slots = {server}});
  }

  static uint32_t server_for(const Packet& packet) {
    if (packet.protocol == kSctp) return is_v6(packet) ? kSctpServer6 : kSctpServer;
    return is_v6(packet) ? kServer6 : kServer;
  }
  static uint16_t port_for(const Packet& packet) {
    return packet.protocol == kSctp ? packet.dport : kServerPort;
  }

  // What the client's packet becomes.
  static Packet translated(Packet packet) {
    const bool v6 = is_v6(packet);
    packet.destination_mac = next_hop_of(server_for(packet));
    packet.source_mac = kEgressMac;
    packet.to = v6 ? kServerAddress6 : kServerAddress;
    packet.dport = port_for(packet);
    --packet.ttl;
    return packet;
  }
  static Bytes to_server(const Packet& packet) { return build(translated(packet)); }

  // What the real server answers to the client's packet, and what becomes of that.
  static Packet reply(Packet packet, uint8_t flags = kSyn | kAck) {
    const bool v6 = is_v6(packet);
    packet.to = packet.from;
    packet.from = v6 ? kServerAddress6 : kServerAddress;
    packet.dport = std::exchange(packet.sport, port_for(packet));
    packet.flags = flags;
    packet.source_mac = "02:00:00:00:00:dd";
    packet.payload = Bytes(33, 'y');
    return packet;
  }
  static Packet untranslated(const Packet& asked, Packet answer) {
    answer.destination_mac = asked.source_mac;
    answer.source_mac = asked.destination_mac;
    answer.from = asked.to;
    answer.sport = asked.dport;
    --answer.ttl;
    return answer;
  }
  static Bytes to_client(const Packet& asked, const Packet& answer) {
    return build(untranslated(asked, answer));
  }

  // The client's SYN, or datagram, and the answer; both seen.
  void open(const Packet& packet) {
    expect(build(packet), PINION_FORWARD_NEW, to_server(packet));
    const Packet answer = reply(packet);
    expect(build(answer), PINION_FORWARD_REPLY, to_client(packet, answer));
  }

  // The only forward half that there is.
  pinion_connection& forward() { return half(PINION_PAIRED); }
  pinion_connection& half(uint16_t flags) {
    static pinion_connection none;
    none = {};
    pinion_connection* only = &none;
    size_t count = 0;
    director().each_connection([&](pinion_connection& one) {
      if (one.flags != flags) return;
      only = &one;
      ++count;
    });
    EXPECT_EQ(count, 1u) << "halves with flags " << flags;
    return *only;
  }
};

}  // namespace pinion::packet
