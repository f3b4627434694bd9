// SPDX-License-Identifier: Apache-2.0
// The next hops in use: who answers at which MAC address. What a hop itself answers counts, not the
// kernel's neighbour table: that one is kept right for the director's own traffic, and its reports
// are hints to ask again. Only entries that somebody fixed (permanent, NOARP) are taken as they
// are.
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

// The namespace's links and addresses, as last read.
struct Surroundings {
  std::vector<Link> links;
  std::vector<InterfaceAddress> addresses;
};

// In whose name to ask for a hop: an address of the link, best one of the hop's subnet, for IPv6
// next best a link-local one. Never a VIP: its owner in everybody's cache would be we, and
// real servers have it themselves.
Asker asker_for(const Hop& hop, const Link& link, const std::vector<InterfaceAddress>& addresses);

// In whose name to send to an address behind a hop: `preferred`, which is the kernel's choice, or
// where that is a VIP of ours (for IPv6 it may well be) the address of the director's that is
// nearest. Unspecified where there is none of that family.
Address source_for(const Address& to, const Hop& hop, const std::optional<Address>& preferred,
                   const std::vector<InterfaceAddress>& addresses);

class NextHops {
 public:
  // Called from the event loop, or from within use(), learn() and read_anew(), when answering() of
  // a hop has changed.
  using Changed = std::function<void(const Hop&)>;

  // `socket` outlives this.
  static Result<std::unique_ptr<NextHops>> open(asio::io_context& io, NetlinkSocket& socket,
                                                Changed changed);
  // The kernel need not keep the entries any longer.
  ~NextHops();

  // From now on exactly these. To be called again when links or addresses have changed.
  void use(const std::set<Hop>& hops, const Surroundings& around);
  void learn(const NeighbourChange& change);
  void read_anew();  // Reports of the kernel were lost.

  // Nothing, while it is not known whether the hop answers; so too of one not in use.
  std::optional<Answering> answering(const Hop& hop) const;

 private:
  struct State {
    Link link;
    Asker asker;
    bool fixed = false;  // Taken from the kernel's table (or the link), not asked.
    Mac kernel;          // In the kernel's table; 0: none.
    std::optional<Answering> answering;
  };

  NextHops(NetlinkSocket& socket, Changed changed)
      : socket_(socket), changed_(std::move(changed)) {}

  void add(const Hop& hop, State& state);
  void update(const Hop& hop, State& state, const Link& link, const Asker& asker);
  void drop(const Hop& hop, const State& state);
  void engage(const Hop& hop, State& state);
  void keep(const Hop& hop, const State& state);
  void settle(const Hop& hop, State& state, const Answering& answering);
  void heard(const Hop& hop, const Answering& answering);

  NetlinkSocket& socket_;
  Changed changed_;
  std::map<Hop, State> hops_;
  std::optional<Prober> prober_;  // Set for as long as this lives; its callback is heard().
};

}  // namespace pinion
