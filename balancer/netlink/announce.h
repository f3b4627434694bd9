// SPDX-License-Identifier: Apache-2.0
// Announces VIPs to a segment: gratuitous ARP (RFC 5227, 2.3) in both its forms, and
// unsolicited neighbour advertisements (RFC 4861, 7.2.6).
#pragma once

#include <cstdint>
#include <memory>

#include "balancer/base/asio.h"
#include "balancer/base/error.h"
#include "balancer/base/net.h"
#include "balancer/netlink/links.h"

namespace pinion {

// Announces each address three times: at once, and then a second apart. Works in the network
// namespace that it was opened in. If it is destroyed, announcements under way end.
class Announcer {
 public:
  static Result<Announcer> open(asio::io_context& io);

  Announcer(Announcer&&) noexcept;
  Announcer& operator=(Announcer&&) noexcept;
  ~Announcer();

  // Logs a failure to send (the link went down). An address that is still being announced starts
  // over.
  void announce(const Link& link, const Address& address);
  // The VIP has been removed: sends no more announcements of it.
  void stop(const Address& address);

 private:
  struct State;
  explicit Announcer(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace pinion
