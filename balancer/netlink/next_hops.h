// SPDX-License-Identifier: Apache-2.0
// The next hops in use: does each answer, and at which MAC address? What a hop itself answers
// counts, not the kernel's neighbour table. That table is kept correct for the director's own
// traffic, and its reports are hints to probe again. Only entries that somebody fixed (permanent,
// NOARP) are believed as they are.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "balancer/netlink/addresses.h"
#include "balancer/netlink/links.h"
#include "balancer/netlink/monitor.h"
#include "balancer/netlink/prober.h"

namespace pinion {

// The links and addresses of the namespace, as last read.
struct Surroundings {
  std::vector<Link> links;
  std::vector<InterfaceAddress> addresses;
};

// In whose name to probe a hop: an address of the link, at best one of the hop's subnet, or for
// IPv6 a link-local one. Never a VIP: every neighbour would then have our MAC address for it, and
// real servers have the VIP themselves.
Asker asker_for(const Hop& hop, const Link& link, const std::vector<InterfaceAddress>& addresses);

// The source of packets to an address behind a hop: `preferred`, the kernel's choice; or, if that
// is one of our VIPs (likely for IPv6), the director's nearest address. Unspecified if it has none
// of that family.
Address source_for(const Address& to, const Hop& hop, const std::optional<Address>& preferred,
                   const std::vector<InterfaceAddress>& addresses);

class NextHops {
 public:
  // Called when answering() of a hop has changed: from the event loop, or from within set_hops(),
  // on_neighbour() and resync().
  using Changed = std::function<void(const Hop&)>;

  // `socket` outlives this.
  static Result<std::unique_ptr<NextHops>> open(asio::io_context& io, NetlinkSocket& socket,
                                                Changed changed);
  // Releases the kernel's entries.
  ~NextHops();

  // Follows exactly these from now on. To be called again when links or addresses have changed.
  void set_hops(const std::set<Hop>& hops, const Surroundings& around);
  // The kernel's neighbour table has changed.
  void on_neighbour(const NeighbourChange& change);
  // Reports of the kernel were lost: reads the whole table.
  void resync();

  // Nothing while it is not known whether the hop answers, nor for one that is not followed.
  std::optional<Answering> answering(const Hop& hop) const;

 private:
  struct State {
    Link link;
    Asker asker;
    bool fixed = false;  // Its MAC address is the kernel's (or the link's): it is not probed.
    Mac kernel;          // In the kernel's table; 0: none.
    std::optional<Answering> answering;
  };

  NextHops(NetlinkSocket& socket, Changed changed)
      : socket_(socket), changed_(std::move(changed)) {}

  void add(const Hop& hop, State& state);
  void update(const Hop& hop, State& state, const Link& link, const Asker& asker);
  void drop(const Hop& hop, const State& state);
  void probe_or_trust(const Hop& hop, State& state);
  void keep_in_kernel(const Hop& hop, const State& state);
  void set_answering(const Hop& hop, State& state, const Answering& answering);
  void on_probe_result(const Hop& hop, const Answering& answering);

  NetlinkSocket& socket_;
  Changed changed_;
  std::map<Hop, State> hops_;
  std::optional<Prober> prober_;  // Set by open(), and never reset.
};

}  // namespace pinion
