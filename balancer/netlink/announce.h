// SPDX-License-Identifier: Apache-2.0
// Tells a segment that a VIP is here now: gratuitous ARP (RFC 5227, 2.3) in both its forms, and
// unsolicited neighbour advertisements (RFC 4861, 7.2.6).
#pragma once

#include <cstdint>
#include <memory>

#include "balancer/base/asio.h"
#include "balancer/base/error.h"
#include "balancer/base/net.h"
#include "balancer/netlink/links.h"

namespace pinion {

// Announces three times, a second apart, and at once. Works in the network namespace that it was
// opened in. It may be destroyed while announcements are under way; those then end.
class Announcer {
 public:
  static Result<Announcer> open(asio::io_context& io);

  Announcer(Announcer&&) noexcept;
  Announcer& operator=(Announcer&&) noexcept;
  ~Announcer();

  // A failure to send (the link went down) is logged. An address that is being announced starts
  // anew.
  void announce(const Link& link, const Address& address);
  // The VIP is gone: what is left of its announcements is not sent.
  void stop(const Address& address);

 private:
  struct State;
  explicit Announcer(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace pinion
