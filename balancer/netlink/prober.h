// SPDX-License-Identifier: Apache-2.0
// Probes next hops for their MAC addresses, again and again. It bypasses the kernel's neighbour
// table, which trusts an answer for half a minute, and ignores a second MAC address within a second
// as a mistake (locktime).
//
// A hop is probed twice a second, by a frame to its last MAC address; if no answer comes within a
// quarter of a second, by a frame to all hosts of the link. There are at most 200 probes a second:
// more than about 100 hops take turns, and changes are then noticed later. A hop that has not
// answered for 3 s, or for 1 s after it was first watched, is silent, and is probed once a second.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "balancer/base/asio.h"
#include "balancer/base/error.h"
#include "balancer/base/net.h"
#include "balancer/netlink/frames.h"

namespace pinion {

// An address on a link.
struct Hop {
  uint32_t ifindex = 0;
  Address address;
  auto operator<=>(const Hop&) const = default;
};

// The MAC address of the last answer, if there ever was one, and whether the hop still answers.
struct Answering {
  Mac mac;
  bool answers = false;
  bool operator==(const Answering&) const = default;
};

class Prober {
 public:
  // Called from the event loop, first when a hop has answered or is found silent, then for each
  // change. The callee may watch and unwatch any hop.
  using Changed = std::function<void(const Hop&, const Answering&)>;

  static Result<Prober> open(asio::io_context& io, Changed changed);
  Prober(Prober&&) noexcept;
  Prober& operator=(Prober&&) noexcept;
  ~Prober();

  // Probes the hop from now on, in the name of `asker`, first at the MAC address `guess`. For a hop
  // that is already watched it only changes the asker.
  void watch(const Hop& hop, const Asker& asker, const std::optional<Mac>& guess);
  void unwatch(const Hop& hop);
  // Something may have changed the hop's MAC address: probes it next, by a frame to all hosts of
  // the link.
  void probe_now(const Hop& hop);

 private:
  class State;
  explicit Prober(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace pinion
