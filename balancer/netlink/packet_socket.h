// SPDX-License-Identifier: Apache-2.0
// Sends and receives frames of address resolution on any interface, past the kernel's own state.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "balancer/base/error.h"
#include "balancer/base/fd.h"
#include "balancer/netlink/frames.h"

namespace pinion {

// Never blocks. The kernel filters out all but ARP, or all but neighbour solicitations and
// advertisements: the director's traffic does not wake us.
class PacketSocket {
 public:
  enum class Receives { kNothing, kArp, kNeighbourDiscovery };
  using OnClaim = std::function<void(uint32_t ifindex, const Claim&)>;

  static Result<PacketSocket> open(Receives what);

  int fd() const { return fd_.get(); }
  Result<> send(uint32_t ifindex, const Frame& frame);
  // All claims that wait, at most some hundred: a flood must not hold up the event loop.
  void receive(const OnClaim& on_claim);

 private:
  explicit PacketSocket(Fd fd) : fd_(std::move(fd)) {}

  Fd fd_;
};

}  // namespace pinion
