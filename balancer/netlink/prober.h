// SPDX-License-Identifier: Apache-2.0
// Asks next hops for their MAC addresses, again and again, past the kernel's neighbour table: that
// one trusts an answer for half a minute, and takes a second MAC address within a second for a
// mistake (locktime).
//
// A hop is asked twice a second, by a frame to the MAC address that it had; where no answer comes
// within a quarter of a second, by one to everybody. All questions together are at most 200 a
// second: more than about 100 hops take turns, and changes are then noticed later. A hop that has
// not answered for 3 s, or for 1 s after it became known, is silent, and asked once a second.
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

// The MAC address of the last answer, if there ever was one; and whether it still answers.
struct Answering {
  Mac mac;
  bool answers = false;
  bool operator==(const Answering&) const = default;
};

class Prober {
 public:
  // Called from the event loop for the first verdict about a hop and for each change.
  using Changed = std::function<void(const Hop&, const Answering&)>;

  static Result<Prober> open(asio::io_context& io, Changed changed);
  Prober(Prober&&) noexcept;
  Prober& operator=(Prober&&) noexcept;
  ~Prober();

  // Asks from now on, in the name of `asker`; `guess` may be asked first. Of a hop that is watched
  // already it changes the asker.
  void watch(const Hop& hop, const Asker& asker, const std::optional<Mac>& guess);
  void ignore(const Hop& hop);
  // Something has happened that may have changed the answer: asks everybody, next.
  void check(const Hop& hop);

 private:
  class State;
  explicit Prober(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace pinion
