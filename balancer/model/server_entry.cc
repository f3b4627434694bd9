// SPDX-License-Identifier: Apache-2.0
#include "balancer/model/server_entry.h"

#include <algorithm>

namespace pinion {
namespace {

// Enough bits to spread flows over all receive queues of a real server.
constexpr int kMostSourceBits = 16;

// The data plane itself knows of each connection how it began.
void set_client_address(pinion_real_server& entry, config::ClientAddress how) {
  entry.client_address = static_cast<uint8_t>(how);
  if (how == config::ClientAddress::kToa) entry.flags |= PINION_SERVER_TOA;
  if (how == config::ClientAddress::kProxy) entry.flags |= PINION_SERVER_PROXY;
}

}  // namespace

void set_configured(pinion_real_server& entry, const config::Service& service,
                    const config::Server& server) {
  const config::Forward forward = forward_of(service, server);
  if (server.weight > 0) entry.flags |= PINION_SERVER_ACCEPTS;
  const auto words = server.address.words();
  std::copy(words.begin(), words.end(), entry.address);
  entry.method = static_cast<uint8_t>(forward);
  if (config::is_two_sided(forward)) entry.mss = static_cast<uint16_t>(service.mss);
  if (forward == config::Forward::kFullNat)
    set_client_address(entry, client_address_of(service, server));
  set_replies(entry, service);
}

void set_replies(pinion_real_server& entry, const config::Service& service) {
  if (service.replies == config::Return::kRouted) entry.flags |= PINION_SERVER_ROUTED;
}

void set_tunnel(pinion_real_server& entry, const config::Tunnel& tunnel, const Address& own) {
  entry.tunnel = static_cast<uint8_t>(tunnel.type);
  entry.tunnel_port = tunnel.port.be();
  entry.tunnel_flags = tunnel.checksum ? PINION_TUNNEL_CHECKSUM : 0;
  Prefix source = tunnel.source.value_or(Prefix{own, own.bits()});
  const int bits = std::min(source.address.bits() - source.length, kMostSourceBits);
  source.length = static_cast<uint8_t>(source.address.bits() - bits);
  const auto words = source.network().words();
  std::copy(words.begin(), words.end(), entry.tunnel_source);
  entry.source_bits = static_cast<uint8_t>(bits);
}

void set_next_hop(pinion_real_server& entry, const NextHop& next_hop) {
  std::copy(next_hop.destination.bytes.begin(), next_hop.destination.bytes.end(), entry.next_hop);
  std::copy(next_hop.source.bytes.begin(), next_hop.source.bytes.end(), entry.source);
  entry.ifindex = next_hop.ifindex;
  entry.mtu = next_hop.mtu;
}

}  // namespace pinion
