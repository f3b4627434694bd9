// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/frames.h"

#include <arpa/inet.h>

#include <cstring>

namespace pinion::bench {
namespace {

constexpr uint16_t kEtherIpv4 = 0x0800;
constexpr uint16_t kEtherIpv6 = 0x86dd;

// The sum of 16-bit words in the order in which they lie there, without carry (RFC 1071).
uint32_t sum_of(const void* data, size_t size) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  uint32_t sum = 0;
  for (size_t i = 0; i + 1 < size; i += 2) {
    uint16_t word;
    std::memcpy(&word, bytes + i, sizeof(word));
    sum += word;
  }
  return sum;
}

uint16_t folded(uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

// What the TCP checksum covers besides addresses and segment.
uint32_t pseudo_header() { return uint32_t{htons(IPPROTO_TCP)} + htons(sizeof(tcphdr)); }

iphdr ipv4_header() {
  iphdr ip{};
  ip.version = 4;
  ip.ihl = 5;
  ip.ttl = 64;
  ip.protocol = IPPROTO_TCP;
  ip.tot_len = htons(sizeof(iphdr) + sizeof(tcphdr));
  return ip;
}

ipv6hdr ipv6_header() {
  ipv6hdr ip{};
  ip.version = 6;
  ip.hop_limit = 64;
  ip.nexthdr = IPPROTO_TCP;
  ip.payload_len = htons(sizeof(tcphdr));
  ip.saddr.in6_u.u6_addr32[0] = ip.daddr.in6_u.u6_addr32[0] = htonl(BENCH_NET6);
  return ip;
}

tcphdr tcp_header(uint8_t flags) {
  tcphdr tcp{};
  tcp.dest = htons(BENCH_PORT);
  tcp.doff = sizeof(tcphdr) / 4;
  tcp.window = htons(65535);
  reinterpret_cast<uint8_t*>(&tcp)[13] = flags;
  return tcp;
}

}  // namespace

bench_template make_template(bool is_v6, uint8_t tcp_flags) {
  bench_template frame{};
  // From a client's router to the director; locally administered addresses.
  const uint8_t ethernet[12] = {0x02, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 0, 0, 0x02};
  std::memcpy(frame.ethernet, ethernet, sizeof(ethernet));
  frame.ethernet[6] = htons(is_v6 ? kEtherIpv6 : kEtherIpv4);
  frame.ip = ipv4_header();
  frame.ip6 = ipv6_header();
  frame.tcp = tcp_header(tcp_flags);
  frame.length = static_cast<uint16_t>(sizeof(frame.ethernet) + sizeof(tcphdr) +
                                       (is_v6 ? sizeof(ipv6hdr) : sizeof(iphdr)));
  frame.ip_sum = sum_of(&frame.ip, sizeof(frame.ip));
  frame.tcp_sum = sum_of(&frame.tcp, sizeof(frame.tcp)) + pseudo_header();
  if (is_v6) frame.tcp_sum += sum_of(&frame.ip6.saddr, 2 * sizeof(in6_addr));
  return frame;
}

bool checksums_hold(std::span<const uint8_t> frame, bool is_v6, size_t grown) {
  const uint8_t* outer = frame.data() + sizeof(bench_template::ethernet);
  const uint8_t* ip = outer + grown;
  const size_t header = is_v6 ? sizeof(ipv6hdr) : sizeof(iphdr);
  if (frame.size() != sizeof(bench_template::ethernet) + grown + header + sizeof(tcphdr))
    return false;
  if (grown && folded(sum_of(outer, sizeof(iphdr))) != 0xffff) return false;
  if (!is_v6 && folded(sum_of(ip, header)) != 0xffff) return false;
  const size_t addresses = is_v6 ? 2 * sizeof(in6_addr) : 2 * sizeof(uint32_t);
  return folded(pseudo_header() + sum_of(ip + header - addresses, addresses) +
                sum_of(ip + header, sizeof(tcphdr))) == 0xffff;
}

}  // namespace pinion::bench
