// SPDX-License-Identifier: Apache-2.0
// Frames, built by value, with right lengths and checksums.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pinion::packet {

using Bytes = std::vector<uint8_t>;

inline constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kAck = 0x10, kUrg = 0x20;
inline constexpr uint8_t kTcp = 6, kUdp = 17, kSctp = 132, kIcmp = 1, kIcmp6 = 58;

// An IPv6 extension header; `body` is all but the first byte, which names what follows.
struct Extension {
  uint8_t type;
  Bytes body;
};

// The hop-by-hop, routing, destination and authentication headers, of their smallest size.
Extension hop_by_hop();
Extension routing(uint8_t segments_left);
Extension destination_options();
Extension authentication();
Extension ipv6_fragment(uint16_t offset_and_more);

struct Packet {
  std::string destination_mac = "02:00:00:00:00:aa";  // The director's.
  std::string source_mac = "02:00:00:00:00:bb";
  std::vector<uint16_t> tags = {};   // VLAN tags, by their EtherTypes.
  std::vector<uint16_t> vlans = {};  // And what they say; where that is nothing, 100 and 101.
  std::string from = "10.1.0.9";     // Both of one family.
  std::string to = "10.0.0.1";
  // Of SCTP, `payload` is its chunks; of what is none of TCP, UDP, SCTP it is all. ICMP is summed
  // up.
  uint8_t protocol = kTcp;
  uint16_t sport = 40000;
  uint16_t dport = 80;
  uint8_t flags = kSyn;
  uint16_t fragment = 0;  // IPv4's flags and offset.
  Bytes ip_options = {};  // IPv4's, in words of 4 bytes.
  std::vector<Extension> extensions = {};
  Bytes tcp_options = {};
  Bytes payload = Bytes(5, 'x');
  uint8_t ttl = 64;
  bool udp_checksum = true;
  uint8_t traffic_class = 0;
  uint16_t id = 0x1234;     // IPv4's
  uint32_t flow_label = 0;  // IPv6's
  uint32_t tag = 0;         // SCTP's
  uint32_t seq = 1;         // TCP's
  uint32_t ack = 2;
  uint16_t urgent = 0;
};

Bytes build(const Packet& packet);

// A frame of another EtherType than IP's.
Bytes frame(const std::string& destination_mac, uint16_t ethertype, const Bytes& payload);

Bytes mac_bytes(const std::string& text);

// SCTP's checksum (RFC 9260, appendix A), computed bit by bit.
uint32_t crc32c(const Bytes& bytes);

// The bytes of an address: 4 or 16.
Bytes address_bytes(const std::string& text);

// RFC 1071, in host byte order.
uint16_t internet_checksum(const Bytes& bytes);

// Where the IP header of a built frame begins.
size_t ip_offset(const Packet& packet);

// As tcpdump -xx prints it: what a failing comparison shows.
std::string hex(const Bytes& bytes);

}  // namespace pinion::packet
