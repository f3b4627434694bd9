// SPDX-License-Identifier: Apache-2.0
// Where is each real server? For every address that is wanted, the Resolver finds the route, has
// the next hop resolved and keeps asking it, follows what the kernel reports (links, addresses,
// routes, neighbours), and tells what it learned, and every change of that within a second.
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

// Called from the event loop, never from within want() or open(). They may call want(); they must
// not destroy the Resolver.
struct ResolverHooks {
  // Something new about a wanted address; never the same twice in a row. The first fact comes when
  // the next hop has answered (milliseconds), or is known not to (a second): until then there is
  // none, so that a start does not take servers for dead that it has not asked yet.
  std::function<void(const Address&, const Reachability&)> fact;
  // All links, after any of them came, went, or changed; also once after the start.
  std::function<void(const std::vector<Link>&)> links_changed;
  // These are up again, after they were down (if only for a moment) or gone, or have another MAC
  // address: who is on them has to hear of us. After links_changed; not at the start.
  std::function<void(const std::vector<Link>&)> links_up;
  // Addresses came or went, ours or anybody's, or a host route of ours went: time to see whether
  // what we added is still there.
  std::function<void()> addressing_changed;
};

struct ResolverOptions {
  size_t receive_buffer = 4 << 20;  // Of the monitoring socket, in bytes. Smaller overruns sooner.
};

class Resolver {
 public:
  // Works in the network namespace that the thread is in.
  static Result<Resolver> open(asio::io_context& io, ResolverHooks hooks,
                               ResolverOptions options = {});

  // To be destroyed before the io_context; its coroutines end by themselves.
  Resolver(Resolver&&) noexcept;
  Resolver& operator=(Resolver&&) noexcept;
  ~Resolver();

  // From now on exactly these addresses are followed. One that is dropped and wanted again is new:
  // its first fact is told again.
  void want(std::vector<Address> addresses);

  // How often the kernel reported faster than we read, so that everything was read anew.
  uint64_t overruns() const;

 private:
  class State;
  explicit Resolver(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace pinion
