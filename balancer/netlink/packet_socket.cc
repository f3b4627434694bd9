// SPDX-License-Identifier: Apache-2.0
#include "balancer/netlink/packet_socket.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <array>
#include <utility>

namespace pinion {
namespace {

constexpr int kAtOnce = 256;

// Accepts ICMPv6 of the types 135 and 136 right behind Ethernet and IPv6 headers. Neighbour
// discovery has no extension headers on any network we heard of, and RFC 6980 frowns upon them.
Result<> filter_discovery(const Fd& fd) {
  std::array<sock_filter, 7> code = {
      {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 3),
       BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54), BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 135, 0, 1),
       BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 136, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0),
       BPF_STMT(BPF_RET | BPF_K, 0xffff)}};
  const sock_fprog program = {code.size(), code.data()};
  if (setsockopt(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0) return {};
  return errno_error("filter a packet socket");
}

Result<> bind_to(const Fd& fd, uint16_t ether_type) {
  sockaddr_ll all{};
  all.sll_family = AF_PACKET;
  all.sll_protocol = htons(ether_type);
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&all), sizeof(all)) == 0) return {};
  return errno_error("bind a packet socket");
}

}  // namespace

Result<PacketSocket> PacketSocket::open(Receives what) {
  // With protocol 0 it receives nothing: no frame arrives before the filter is in place.
  Fd fd(socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return errno_error("open a packet socket (this takes CAP_NET_RAW)");
  if (what == Receives::kNeighbourDiscovery) {
    if (auto filtered = filter_discovery(fd); !filtered) return filtered.error();
  }
  if (what != Receives::kNothing) {
    auto bound = bind_to(fd, what == Receives::kArp ? ETH_P_ARP : ETH_P_IPV6);
    if (!bound) return bound.error();
  }
  return PacketSocket(std::move(fd));
}

Result<> PacketSocket::send(uint32_t ifindex, const Frame& frame) {
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = static_cast<int>(ifindex);
  const auto* address = reinterpret_cast<const sockaddr*>(&to);
  if (sendto(fd_.get(), frame.data(), frame.size(), 0, address, sizeof(to)) >= 0) return {};
  return errno_error("send on the interface with index " + std::to_string(ifindex));
}

void PacketSocket::receive(const OnClaim& on_claim) {
  std::array<uint8_t, 1514> buffer;
  for (int i = 0; i < kAtOnce; ++i) {
    sockaddr_ll from{};
    socklen_t size = sizeof(from);
    auto* address = reinterpret_cast<sockaddr*>(&from);
    const ssize_t got = recvfrom(fd_.get(), buffer.data(), buffer.size(), 0, address, &size);
    // An interface that goes down reports it here (ENETDOWN) ahead of frames that still wait.
    if (got < 0 && (errno == ENETDOWN || errno == EINTR)) continue;
    if (got < 0) return;
    if (from.sll_pkttype == PACKET_OUTGOING || from.sll_ifindex <= 0) continue;
    const auto claim = read_claim(std::span(buffer).first(static_cast<size_t>(got)));
    if (claim) on_claim(static_cast<uint32_t>(from.sll_ifindex), *claim);
  }
}

}  // namespace pinion
