// SPDX-License-Identifier: Apache-2.0
// Where is each real server? For every target address the Resolver finds the route, resolves the
// next hop and keeps probing it, and follows what the kernel reports (links, addresses, routes,
// neighbours). It reports what it finds, and every change within a second.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "balancer/base/asio.h"
#include "balancer/base/error.h"
#include "balancer/base/net.h"
#include "balancer/model/next_hop.h"
#include "balancer/netlink/links.h"

namespace pinion {

// Called from the event loop, never from within set_targets() or open(). They may call
// set_targets(); they must not destroy the Resolver.
struct ResolverHooks {
  // A target's reachability has changed; never the same twice in a row. The first report comes when
  // the next hop has answered (milliseconds) or is known to be silent (a second). So a start does
  // not take servers for dead that it has not probed yet.
  std::function<void(const Address&, const Reachability&)> reachability_changed;
  // All links, after any of them came, went, or changed. Also called once after the start.
  std::function<void(const std::vector<Link>&)> links_changed;
  // These came up, after they were down (if only for a moment) or gone, or have another MAC
  // address: addresses on them must be announced again. Called after links_changed; not at the
  // start.
  std::function<void(const std::vector<Link>&)> links_up;
  // Addresses came or went, ours or anybody's, or a host route of ours went. What we added may not
  // be there any more.
  std::function<void()> addressing_changed;
};

struct ResolverOptions {
  size_t receive_buffer = 4 << 20;  // Of the monitoring socket, in bytes.
};

class Resolver {
 public:
  // Works in the network namespace that the thread is in.
  static Result<Resolver> open(asio::io_context& io, ResolverHooks hooks,
                               ResolverOptions options = {});

  // Must be destroyed before the io_context; its coroutines then end by themselves.
  Resolver(Resolver&&) noexcept;
  Resolver& operator=(Resolver&&) noexcept;
  ~Resolver();

  // Follows exactly these addresses from now on. One that is removed and added again is new: it is
  // reported again.
  void set_targets(std::vector<Address> addresses);

  // How often reports of the kernel were lost, so that everything was read again.
  uint64_t overruns() const;

 private:
  class State;
  explicit Resolver(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace pinion
