// SPDX-License-Identifier: Apache-2.0
#include "tests/packet/packets.h"

#include <arpa/inet.h>

#include <array>
#include <cstdio>
#include <stdexcept>

namespace pinion::packet {
namespace {

void put8(Bytes& out, size_t value) { out.push_back(static_cast<uint8_t>(value)); }

void put16(Bytes& out, size_t value) {
  put8(out, value >> 8);
  put8(out, value);
}

void put32(Bytes& out, uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}

void append(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }

void patch16(Bytes& bytes, size_t at, uint16_t value) {
  bytes.at(at) = static_cast<uint8_t>(value >> 8);
  bytes.at(at + 1) = static_cast<uint8_t>(value);
}

// Over the pseudo-header of either family (RFC 9293, RFC 8200), which sum up alike.
uint16_t transport_checksum(const Packet& packet, const Bytes& segment) {
  Bytes all = address_bytes(packet.from);
  append(all, address_bytes(packet.to));
  put16(all, packet.protocol);
  put16(all, segment.size());
  append(all, segment);
  return internet_checksum(all);
}

Bytes tcp_segment(const Packet& packet) {
  Bytes out;
  put16(out, packet.sport);
  put16(out, packet.dport);
  put32(out, packet.seq);
  put32(out, packet.ack);
  put8(out, (5 + packet.tcp_options.size() / 4) << 4);
  put8(out, packet.flags);
  append(out, {0xff, 0xff, 0, 0});
  put16(out, packet.urgent);
  append(out, packet.tcp_options);
  append(out, packet.payload);
  patch16(out, 16, transport_checksum(packet, out));
  return out;
}

Bytes udp_datagram(const Packet& packet) {
  Bytes out;
  put16(out, packet.sport);
  put16(out, packet.dport);
  put16(out, 8 + packet.payload.size());
  put16(out, 0);
  append(out, packet.payload);
  // A sum of 0 is written as its other form: 0 means that there is none (RFC 768).
  const uint16_t sum = transport_checksum(packet, out);
  if (packet.udp_checksum) patch16(out, 6, sum ? sum : 0xffff);
  return out;
}

// The checksum is written from its lowest byte on.
Bytes sctp_packet(const Packet& packet) {
  Bytes out;
  put16(out, packet.sport);
  put16(out, packet.dport);
  put16(out, packet.tag >> 16);
  put16(out, packet.tag);
  append(out, {0, 0, 0, 0});
  append(out, packet.payload);
  const uint32_t sum = crc32c(out);
  for (size_t i = 0; i < 4; ++i) out[8 + i] = static_cast<uint8_t>(sum >> 8 * i);
  return out;
}

// ICMPv6's checksum has the pseudo-header in it, ICMP's has not. What is too short has none.
Bytes icmp_message(const Packet& packet) {
  Bytes out = packet.payload;
  if (out.size() < 4) return out;
  patch16(out, 2,
          packet.protocol == kIcmp ? internet_checksum(out) : transport_checksum(packet, out));
  return out;
}

Bytes transport(const Packet& packet) {
  if (packet.protocol == kTcp) return tcp_segment(packet);
  if (packet.protocol == kUdp) return udp_datagram(packet);
  if (packet.protocol == kSctp) return sctp_packet(packet);
  if (packet.protocol == kIcmp || packet.protocol == kIcmp6) return icmp_message(packet);
  return packet.payload;
}

Bytes ipv4(const Packet& packet) {
  const Bytes body = transport(packet);
  const size_t header = 20 + packet.ip_options.size();
  Bytes out;
  put8(out, 0x40 | header / 4);
  put8(out, packet.traffic_class);
  put16(out, header + body.size());
  put16(out, packet.id);
  put16(out, packet.fragment);
  append(out, {packet.ttl, packet.protocol, 0, 0});
  append(out, address_bytes(packet.from));
  append(out, address_bytes(packet.to));
  append(out, packet.ip_options);
  patch16(out, 10, internet_checksum(out));
  append(out, body);
  return out;
}

Bytes ipv6(const Packet& packet) {
  Bytes body;
  for (size_t i = 0; i < packet.extensions.size(); ++i) {
    const bool last = i + 1 == packet.extensions.size();
    put8(body, last ? packet.protocol : packet.extensions[i + 1].type);
    append(body, packet.extensions[i].body);
  }
  append(body, transport(packet));
  Bytes out;
  put16(out, 0x6000u | static_cast<uint32_t>(packet.traffic_class) << 4 | packet.flow_label >> 16);
  put16(out, packet.flow_label);
  put16(out, body.size());
  put8(out, packet.extensions.empty() ? packet.protocol : packet.extensions[0].type);
  put8(out, packet.ttl);
  append(out, address_bytes(packet.from));
  append(out, address_bytes(packet.to));
  append(out, body);
  return out;
}

bool is_ipv6(const Packet& packet) { return packet.to.find(':') != std::string::npos; }

}  // namespace

uint16_t internet_checksum(const Bytes& bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i) sum += bytes[i] * (i % 2 ? 1u : 256u);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

Extension hop_by_hop() { return {0, {0, 1, 4, 0, 0, 0, 0}}; }

Extension routing(uint8_t segments_left) { return {43, {0, 4, segments_left, 0, 0, 0, 0}}; }

Extension destination_options() { return {60, {0, 1, 4, 0, 0, 0, 0}}; }

Extension authentication() { return {51, {2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4}}; }

Extension ipv6_fragment(uint16_t offset_and_more) {
  Extension fragment{44, {0}};
  put16(fragment.body, offset_and_more);
  append(fragment.body, {0, 0, 0, 7});
  return fragment;
}

Bytes build(const Packet& packet) {
  Bytes out = mac_bytes(packet.destination_mac);
  append(out, mac_bytes(packet.source_mac));
  for (size_t i = 0; i < packet.tags.size(); ++i) {
    put16(out, packet.tags[i]);
    put16(out, i < packet.vlans.size() ? packet.vlans[i] : 100 + i);
  }
  put16(out, is_ipv6(packet) ? 0x86dd : 0x0800);
  append(out, is_ipv6(packet) ? ipv6(packet) : ipv4(packet));
  return out;
}

Bytes frame(const std::string& destination_mac, uint16_t ethertype, const Bytes& payload) {
  Bytes out = mac_bytes(destination_mac);
  append(out, mac_bytes(Packet{}.source_mac));
  put16(out, ethertype);
  append(out, payload);
  return out;
}

Bytes mac_bytes(const std::string& text) {
  Bytes mac;
  for (size_t at = 0; at < text.size(); at += 3)
    put8(mac, std::stoul(text.substr(at, 2), nullptr, 16));
  return mac;
}

uint32_t crc32c(const Bytes& bytes) {
  uint32_t crc = ~0u;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
  }
  return ~crc;
}

Bytes address_bytes(const std::string& text) {
  const bool v6 = text.find(':') != std::string::npos;
  Bytes bytes(v6 ? 16 : 4);
  if (inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), bytes.data()) != 1)
    throw std::invalid_argument("no address: " + text);
  return bytes;
}

size_t ip_offset(const Packet& packet) { return 14 + 4 * packet.tags.size(); }

std::string hex(const Bytes& bytes) {
  std::string out;
  char two[4];
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::snprintf(two, sizeof(two), "%02x", bytes[i]);
    out += i % 16 == 0 ? "\n" : " ";
    out += two;
  }
  return out;
}

}  // namespace pinion::packet
