// SPDX-License-Identifier: Apache-2.0
// What the kernel reports when links, addresses, routes, rules or neighbours change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/base/fd.h"
#include "balancer/netlink/neighbours.h"

namespace pinion {

struct NeighbourChange {
  Neighbour neighbour;
  bool gone = false;
  bool operator==(const NeighbourChange&) const = default;
};

// Which tables of the kernel must be read again. Neighbours are many, so their changes are listed.
struct Changes {
  bool links = false;
  bool addresses = false;
  bool routes = false;
  bool host_routes = false;  // One that an instance added is gone.
  bool overrun = false;      // Reports were lost: all of the above, and every neighbour.
  std::vector<NeighbourChange> neighbours;
  std::set<uint32_t> down;  // Links that were down, if only for a moment.
};

// Adds what one datagram from the kernel reports.
void read_changes(std::span<const char> datagram, Changes& changes);

class Monitor {
 public:
  // `receive_buffer` in bytes; the kernel doubles it for its own overhead.
  static Result<Monitor> open(size_t receive_buffer);

  int fd() const { return fd_.get(); }
  // Everything that waits, at most some hundred datagrams. Never blocks.
  Changes receive();

 private:
  explicit Monitor(Fd fd) : fd_(std::move(fd)), buffer_(64 << 10) {}

  Fd fd_;
  std::vector<char> buffer_;
};

}  // namespace pinion
