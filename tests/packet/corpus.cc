// SPDX-License-Identifier: Apache-2.0
#include "tests/packet/corpus.h"

#include "tests/packet/icmp.h"

namespace pinion::packet {
namespace {

std::vector<Packet> packets() {
  const std::vector<Extension> chain = {hop_by_hop(), routing(0), authentication(),
                                        destination_options()};
  return {
      {},
      {.flags = kAck},
      {.flags = kFin | kAck},
      {.flags = kRst},
      {.tags = {0x8100}},
      {.tags = {0x88a8, 0x8100}},
      {.tags = {0x8100, 0x8100, 0x8100}},
      {.ip_options = Bytes(40, 1)},
      {.tcp_options = Bytes(40, 1)},
      {.protocol = kUdp, .dport = 53},
      {.protocol = kUdp, .dport = 53, .ip_options = {0x94, 4, 0, 0}},
      {.protocol = 1},
      error_about(turned({}), kTooBig4),
      error_about(turned({.protocol = kUdp, .dport = 53}), kUnreachable, 28),
      {.dport = 22},
      {.to = "10.0.0.2"},
      {.fragment = 0x2000},
      {.fragment = 0x0010},
      {.dport = 22, .fragment = 0x2000, .id = 22},
      {.fragment = 0x0010, .id = 22},
      {.fragment = 0x0010, .id = 23},
      {.destination_mac = "ff:ff:ff:ff:ff:ff"},
      ipv6({}),
      ipv6({.flags = kAck}),
      ipv6({.tags = {0x88a8, 0x8100}, .extensions = chain}),
      ipv6({.protocol = kUdp, .dport = 53}),
      ipv6({.protocol = kUdp, .dport = 53, .extensions = chain}),
      ipv6({.extensions = {routing(2)}}),
      ipv6({.extensions = {ipv6_fragment(1)}}),
      ipv6({.extensions = std::vector<Extension>(7, hop_by_hop())}),
      ipv6({.protocol = 58}),
      error_about(turned(ipv6({})), kTooBig6),
      error_about(turned(ipv6({.protocol = kUdp, .dport = 53})), kUnreachable, 48),
      ipv6({.dport = 22}),
  };
}

}  // namespace

std::vector<Bytes> corpus() {
  std::vector<Bytes> frames;
  for (const Packet& packet : packets()) frames.push_back(build(packet));
  frames.push_back(frame("02:00:00:00:00:aa", 0x0806, Bytes(28)));
  frames.push_back(frame("01:80:c2:00:00:0e", 0x88cc, Bytes(46)));
  frames.push_back(frame("02:00:00:00:00:aa", 0x0800, {}));
  return frames;
}

}  // namespace pinion::packet
