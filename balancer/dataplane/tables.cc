// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/tables.h"

#include <net/if.h>
#include <sys/random.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "balancer/base/log.h"
#include "balancer/bpf/vip_filter.h"

namespace pinion {
namespace {

// Ticks after which a reply half is stamped anew, at most: some four seconds, after which a reply
// also goes to another last hop where there is one. Timeouts are a second at least.
constexpr uint32_t kLongestPeriod = 1 << 12;

// They pass the director, and are looked at only where the filter has their sender.
bool has_replies(const pinion_real_server& server) {
  return (server.flags & PINION_SERVER_USED) && server.method == PINION_METHOD_NAT;
}

uint32_t ticks(std::chrono::milliseconds time) {
  return static_cast<uint32_t>(std::chrono::nanoseconds(time).count() >> PINION_TICK_SHIFT);
}

}  // namespace

Result<Tables> Tables::open(const Program& program, const config::Limits& limits) {
  Tables tables;
  const uint32_t servers = limits.servers + 1;
  for (const auto& opened : {
           program.open_into(tables.services_, "services"),
           program.open_into(tables.egress_, "egress"),
           program.open_into(tables.cursors_, "cursors"),
           program.map_into(tables.settings_, "settings", 1),
           program.map_into(tables.vips_, "vips", 1),
           program.map_into(tables.slots_, "slots", limits.slots),
           program.map_into(tables.servers_, "real_servers", servers),
           program.map_into(tables.load_, "load", servers),
           program.map_into(tables.counters_, "counters", counters_of_all_cpus(limits)),
       }) {
    if (!opened) return opened.error();
  }
  return tables;
}

Result<> Tables::draw_seed() {
  pinion_settings& settings = settings_[0];
  settings.abi = PINION_ABI;
  if (getrandom(settings.seed, sizeof(settings.seed), 0) == sizeof(settings.seed)) return {};
  return errno_error("draw the connection table's seed");
}

void Tables::set_timeouts(const config::Timeouts& timeouts) {
  const auto& [syn, established, fin, closed, time_wait, udp] = timeouts;
  const std::chrono::milliseconds none(0);
  const std::chrono::milliseconds by_state[] = {
#define X(name, keyword, member, text) member,
      PINION_STATES(X)
#undef X
  };
  uint32_t* place = settings_[0].timeout;
  for (const auto time : by_state) __atomic_store_n(place++, ticks(time), __ATOMIC_RELAXED);
  const auto shortest = std::min({syn, established, fin, closed, time_wait, udp});
  const uint32_t period = std::min(ticks(shortest) / 4, kLongestPeriod);
  __atomic_store_n(&settings_[0].refresh_shift, 31u - static_cast<uint32_t>(__builtin_clz(period)),
                   __ATOMIC_RELAXED);
}

Result<> Tables::apply(const Change& change) {
  for (const Change::Server& server : change.servers)
    if (auto ready = prepare_server(server); !ready) return ready.error();
  for (const Change::Server& server : change.servers) write_server(server.index, server.after);
  for (const Change::Slots& slots : change.slots) write_slots(slots);
  if (auto flipped = flip(change.services); !flipped) {
    for (const Change::Server& server : change.servers) write_server(server.index, server.before);
    return flipped.error();
  }
  return {};
}

// A used index begins with counters of 0. A new service's cursors begin anywhere, on each CPU
// somewhere else, so that not every CPU gives its first connection to the same real server.
Result<> Tables::prepare_server(const Change::Server& server) {
  const bool begins =
      !(server.before.flags & PINION_SERVER_USED) && (server.after.flags & PINION_SERVER_USED);
  for (size_t place = server.index; begins && place < counters_.size(); place += servers_.size())
    counters_[place] = {};
  if (has_replies(server.after)) pinion_vip_set(&vips_[0], server.after.address);
  return server.after.ifindex ? allow_egress(server.after.ifindex) : Result<>();
}

// An interface that is gone is no failure: the next fact about the real server names another.
Result<> Tables::allow_egress(uint32_t ifindex) {
  char name[IF_NAMESIZE];
  auto put = egress_.put(ifindex, ifindex);
  if (!put && if_indextoname(ifindex, name)) return put.error();
  return {};
}

// Word by word, each whole, and the one with the flags last: a packet never sees half an address.
void Tables::write_server(uint32_t index, const pinion_real_server& entry) {
  constexpr size_t kWords = sizeof(entry) / sizeof(uint64_t);
  uint64_t words[kWords];
  std::memcpy(words, &entry, sizeof(entry));
  auto* place = reinterpret_cast<uint64_t*>(&servers_[index]);
  for (size_t i = kWords; i-- > 0;) __atomic_store_n(&place[i], words[i], __ATOMIC_RELEASE);
}

void Tables::write_slots(const Change::Slots& slots) {
  uint32_t slot = slots.base;
  for (const uint32_t reference : slots.references)
    __atomic_store_n(&slots_[slot++], reference, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_RELEASE);
}

Result<> Tables::write_service(const pinion_service_key& key,
                               const std::optional<pinion_service>& value) {
  if (!value) return services_.erase(key);
  pinion_vip_set(&vips_[0], key.addr);  // First, or packets would pass a service that is there.
  return services_.put(key, *value);
}

Result<> Tables::flip(const std::vector<Change::Service>& services) {
  std::minstd_rand random(std::random_device{}());
  for (size_t i = 0; i < services.size(); ++i) {
    const Change::Service& service = services[i];
    Result<> written;
    if (service.after && !service.before)
      written = cursors_.put(service.after->index, [&] { return uint32_t(random()); });
    if (written) written = write_service(service.key, service.after);
    if (written) continue;
    while (i-- > 0) {
      auto undone = write_service(services[i].key, services[i].before);
      if (!undone) log::error("undo failed", {{"error", undone.error().message()}});
    }
    return written.error();
  }
  return {};
}

Result<Adopted> Tables::read() const {
  Adopted adopted;
  auto services = services_.read();
  if (!services) return services.error();
  adopted.services = std::move(*services);
  adopted.servers.resize(servers_.size());
  for (size_t i = 0; i < servers_.size(); ++i) adopted.servers[i] = servers_[i];
  return adopted;
}

pinion_load Tables::load(uint32_t index) const {
  return {__atomic_load_n(&load_[index].active, __ATOMIC_RELAXED),
          __atomic_load_n(&load_[index].inactive, __ATOMIC_RELAXED)};
}

}  // namespace pinion
