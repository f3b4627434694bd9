// SPDX-License-Identifier: Apache-2.0
#include "balancer/netlink/next_hops.h"

#include <linux/if_addr.h>

#include <algorithm>

namespace pinion {
namespace {

bool usable(const InterfaceAddress& own) {
  constexpr uint32_t kUnusable = IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED;
  return !own.is_vip() && (own.flags & kUnusable) == 0;
}

// Higher is better; 0: unfit.
int fitness(const InterfaceAddress& own, const Hop& hop) {
  const Address& address = own.prefix.address;
  if (own.ifindex != hop.ifindex || !usable(own)) return 0;
  if (address.family() != hop.address.family()) return 0;
  if (own.prefix.contains(hop.address)) return 3;
  return !address.is_v4() && address.is_link_local() ? 2 : 1;
}

// The same for the source of packets to an address behind the hop.
int source_fitness(const InterfaceAddress& own, const Address& to, const Hop& hop) {
  const Address& address = own.prefix.address;
  if (address.family() != to.family() || !usable(own)) return 0;
  if (address.is_loopback() || address.is_link_local()) return 0;
  if (own.ifindex != hop.ifindex) return 1;
  return own.prefix.contains(hop.address) ? 3 : 2;
}

// The link is gone, and its neighbours with it.
bool means_gone(const Error& error) {
  const int number = error.code.value();
  return number == ENODEV || number == ENXIO || number == ENETDOWN;
}

void warn(const char* event, const Error& error) {
  if (!means_gone(error)) log::warning(event, {{"error", error.message()}});
}

}  // namespace

Asker asker_for(const Hop& hop, const Link& link, const std::vector<InterfaceAddress>& addresses) {
  Asker asker{link.mac, {}};
  int best = 0;
  for (const InterfaceAddress& own : addresses) {
    const int fit = fitness(own, hop);
    if (fit <= best) continue;
    best = fit;
    asker.address = own.prefix.address;
  }
  return asker;
}

Address source_for(const Address& to, const Hop& hop, const std::optional<Address>& preferred,
                   const std::vector<InterfaceAddress>& addresses) {
  Address source;
  int best = 0;
  for (const InterfaceAddress& own : addresses) {
    const int fit = source_fitness(own, to, hop);
    if (fit > 0 && own.prefix.address == preferred) return own.prefix.address;
    if (fit <= best) continue;
    best = fit;
    source = own.prefix.address;
  }
  return source;
}

Result<std::unique_ptr<NextHops>> NextHops::open(asio::io_context& io, NetlinkSocket& socket,
                                                 Changed changed) {
  std::unique_ptr<NextHops> hops(new NextHops(socket, std::move(changed)));
  auto prober = Prober::open(io, [raw = hops.get()](const Hop& hop, const Answering& news) {
    raw->on_probe_result(hop, news);
  });
  if (!prober) return prober.error();
  hops->prober_ = std::move(*prober);
  return hops;
}

NextHops::~NextHops() {
  if (prober_) set_hops({}, {});
}

void NextHops::set_hops(const std::set<Hop>& hops, const Surroundings& around) {
  std::erase_if(hops_, [&](const auto& entry) {
    const auto& [hop, state] = entry;
    if (hops.contains(hop) && find_link(around.links, hop.ifindex) != nullptr) return false;
    drop(hop, state);
    return true;
  });
  for (const Hop& hop : hops) {
    const Link* link = find_link(around.links, hop.ifindex);
    if (link == nullptr) continue;
    const auto [entry, fresh] = hops_.try_emplace(hop);
    if (fresh) add(hop, entry->second);
    update(hop, entry->second, *link, asker_for(hop, *link, around.addresses));
  }
}

void NextHops::add(const Hop& hop, State& state) {
  auto entry = get_neighbour(socket_, hop.ifindex, hop.address);
  if (!entry) return warn("neighbour not read", entry.error());
  if (!*entry) return;
  state.fixed = (*entry)->fixed();
  if ((*entry)->valid()) state.kernel = (*entry)->mac;
}

void NextHops::update(const Hop& hop, State& state, const Link& link, const Asker& asker) {
  const bool link_changed = state.link != link;
  if (!link_changed && state.asker == asker) return;
  state.link = link;
  state.asker = asker;
  probe_or_trust(hop, state);
  if (link_changed) prober_->probe_now(hop);
}

void NextHops::drop(const Hop& hop, const State& state) {
  prober_->unwatch(hop);
  if (state.fixed || !state.link.arp) return;
  auto released = release_neighbour(socket_, hop.ifindex, hop.address);
  if (!released) warn("neighbour not released", released.error());
}

void NextHops::probe_or_trust(const Hop& hop, State& state) {
  if (!state.link.arp || state.fixed) {
    prober_->unwatch(hop);
    // On a link without ARP the kernel sends to the link's own address.
    set_answering(hop, state, {state.kernel.is_zero() ? state.link.mac : state.kernel, true});
    return;
  }
  keep_in_kernel(hop, state);
  std::optional<Mac> guess;
  if (!state.kernel.is_zero()) guess = state.kernel;
  prober_->watch(hop, state.asker, guess);
}

void NextHops::keep_in_kernel(const Hop& hop, const State& state) {
  if (!state.link.up) return;
  auto kept = keep_resolved(socket_, hop.ifindex, hop.address);
  if (!kept) warn("neighbour not kept", kept.error());
}

void NextHops::on_neighbour(const NeighbourChange& change) {
  const Neighbour& entry = change.neighbour;
  const Hop hop{entry.ifindex, entry.address};
  const auto found = hops_.find(hop);
  if (found == hops_.end()) return;
  State& state = found->second;
  const bool was_fixed = std::exchange(state.fixed, !change.gone && entry.fixed());
  state.kernel = !change.gone && entry.valid() ? entry.mac : Mac{};
  if (state.fixed || was_fixed || !state.link.arp) return probe_or_trust(hop, state);
  if (change.gone) return keep_in_kernel(hop, state);
  if (entry.valid() && state.answering != Answering{entry.mac, true}) prober_->probe_now(hop);
}

void NextHops::resync() {
  auto table = list_neighbours(socket_);
  if (!table) return warn("neighbours not read", table.error());
  std::map<Hop, const Neighbour*> entries;
  for (const Neighbour& entry : *table) entries[{entry.ifindex, entry.address}] = &entry;
  for (const auto& [hop, state] : hops_) {
    const auto found = entries.find(hop);
    const bool gone = found == entries.end();
    on_neighbour({gone ? Neighbour{hop.ifindex, hop.address} : *found->second, gone});
    prober_->probe_now(hop);
  }
}

std::optional<Answering> NextHops::answering(const Hop& hop) const {
  const auto found = hops_.find(hop);
  return found == hops_.end() ? std::nullopt : found->second.answering;
}

void NextHops::set_answering(const Hop& hop, State& state, const Answering& answering) {
  if (state.answering == answering) return;
  state.answering = answering;
  changed_(hop);
}

void NextHops::on_probe_result(const Hop& hop, const Answering& answering) {
  const auto found = hops_.find(hop);
  if (found == hops_.end()) return;
  State& state = found->second;
  // The kernel ignores a second MAC address within a second, and keeps the first one.
  if (answering.answers && !state.kernel.is_zero() && state.kernel != answering.mac) {
    auto corrected = correct_neighbour(socket_, hop.ifindex, hop.address, answering.mac);
    if (!corrected) warn("neighbour not corrected", corrected.error());
  }
  set_answering(hop, state, answering);
}

}  // namespace pinion
