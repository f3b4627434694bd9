// SPDX-License-Identifier: Apache-2.0
// Frames of address resolution, sent and heard on any interface, past the kernel's own state.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "balancer/base/error.h"
#include "balancer/base/fd.h"
#include "balancer/netlink/frames.h"

namespace pinion {

// Never blocks. A filter in the kernel lets only ARP, or only neighbour solicitations and
// advertisements, come up: the director's traffic does not wake us.
class PacketSocket {
 public:
  enum class Hears { kNothing, kArp, kNeighbourDiscovery };
  using Heard = std::function<void(uint32_t ifindex, const Claim&)>;

  static Result<PacketSocket> open(Hears hears);

  int fd() const { return fd_.get(); }
  Result<> send(uint32_t ifindex, const Frame& frame);
  // All claims that wait, at most some hundred: a flood must not hold the event loop.
  void receive(const Heard& heard);

 private:
  explicit PacketSocket(Fd fd) : fd_(std::move(fd)) {}

  Fd fd_;
};

}  // namespace pinion
