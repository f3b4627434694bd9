// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/tables.h"

#include <fcntl.h>
#include <net/if.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>
#include <string_view>

#include "balancer/base/log.h"
#include "balancer/bpf/service/vip_filter.h"
#include "balancer/dataplane/plans.h"

namespace pinion {
namespace {

// A reply half is stamped anew four times in its state's timeout, or more often: each minute, so
// that halves follow soon when a timeout becomes longer. One that may be evicted by its age is
// stamped each second, or the time that it is stamped ahead by would make it younger than its
// connection.
uint8_t refresh_shift(uint32_t state, uint32_t timeout) {
  constexpr uint32_t kMinute = 1 << 16, kSecond = 1 << 10;
  const bool evictable = state == PINION_STATE_SYN_RECEIVED || state == PINION_STATE_PICKED_UP;
  const uint32_t period = std::min(timeout / 4, evictable ? kSecond : kMinute);
  return period ? static_cast<uint8_t>(31 - __builtin_clz(period)) : uint8_t{0};
}

// They pass the director, and are looked at only where the filter has their sender.
bool has_replies(const pinion_real_server& server) {
  return (server.flags & PINION_SERVER_USED) && (PINION_TWO_SIDED >> server.method & 1);
}

// The service is new, or has the key that was another one's.
bool begins(const Change::Service& flip) {
  return flip.after && (!flip.before || flip.before->index != flip.after->index);
}

pinion_range_key range_key(const ServiceKey& key) {
  return {.bits = uint32_t{PINION_RANGE_BITS} + key.bits, .key = key.key};
}

pinion_prefix_key prefix_key(const ServiceKey& key) {
  pinion_prefix_key prefix{.bits = uint32_t{PINION_PREFIX_BITS} + key.bits,
                           .protocol = key.key.protocol,
                           .port = key.key.port};
  std::copy(std::begin(key.key.addr), std::end(key.key.addr), prefix.addr);
  return prefix;
}

ServiceKey service_key(const pinion_service_key& key) { return {ServiceMap::kExact, 0, key}; }

ServiceKey service_key(const pinion_range_key& key) {
  return {ServiceMap::kRanges, static_cast<uint8_t>(key.bits - PINION_RANGE_BITS), key.key};
}

ServiceKey service_key(const pinion_prefix_key& prefix) {
  pinion_service_key key{.protocol = prefix.protocol, .port = prefix.port};
  std::copy(std::begin(prefix.addr), std::end(prefix.addr), key.addr);
  return {ServiceMap::kPrefixes, static_cast<uint8_t>(prefix.bits - PINION_PREFIX_BITS), key};
}

template <typename Map>
Result<> read_into(Adopted& adopted, const Map& map) {
  auto found = map.read();
  if (!found) return found.error();
  for (const auto& [key, value] : *found) adopted.services.emplace_back(service_key(key), value);
  return {};
}

// Version 1 of struct pinion_service.
struct FormerService {
  uint32_t index;
  uint32_t slot_base;
  uint32_t slot_count;
  uint32_t selection;
};
static_assert(sizeof(FormerService) == 16);

// Services of before, without the tables that were made anew with them.
template <typename Key>
Result<> read_former(Adopted& adopted, const Fd& map) {
  if (!map) return {};
  auto found =
      HashMap<Key, FormerService>(Fd(fcntl(map.get(), F_DUPFD_CLOEXEC, 0)), "services of before")
          .read();
  if (!found) return found.error();
  for (const auto& [key, value] : *found)
    adopted.services.emplace_back(service_key(key), pinion_service{.index = value.index});
  return {};
}

template <typename Key, typename Value>
Result<> keep_only(HashMap<Key, Value>& map, const std::vector<std::pair<Key, Value>>& wanted) {
  const auto bytes_of = [](const Key& key) {
    return std::string_view(reinterpret_cast<const char*>(&key), sizeof(key));
  };
  const auto found = map.read();
  if (!found) return found.error();
  std::set<std::string_view> kept;
  for (const auto& [key, value] : wanted) kept.insert(bytes_of(key));
  for (const auto& [key, value] : *found) {
    if (kept.contains(bytes_of(key))) continue;
    if (auto erased = map.erase(key); !erased) return erased;
  }
  return {};
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
           program.open_into(tables.ranges_, "service_ranges"),
           program.open_into(tables.prefixes_, "service_prefixes"),
           program.open_into(tables.egress_, "egress"),
           program.open_into(tables.entrances_, "entrances"),
           program.open_into(tables.vlan_devices_, "vlan_devices"),
           program.open_into(tables.cursors_, "cursors"),
           program.map_into(tables.settings_, "settings", 1),
           program.map_into(tables.vips_, "vips", 1),
           program.map_into(tables.slots_, "slots", limits.slots),
           program.map_into(tables.servers_, "real_servers", servers),
           program.map_into(tables.counters_, "counters", counters_of_all_cpus(limits)),
           program.map_into(tables.local_, "local_addresses", 1),
       }) {
    if (!opened) return opened.error();
  }
  auto load = Load::open(program, servers);
  if (!load) return load.error();
  tables.load_ = std::move(*load);
  return tables;
}

void Tables::begin(const Constants& constants) {
  pinion_settings& settings = settings_[0];
  set_versions(settings);
  settings.tick_offset = static_cast<uint32_t>(constants[PINION_CONSTANT_TICK_OFFSET]);
  constants.read_seed(settings.seed);
}

void Tables::set_timeouts(const config::Timeouts& timeouts) {
  const auto& [syn, established, fin, closed, time_wait, udp] = timeouts;
  const std::chrono::milliseconds none(0);
  const std::chrono::milliseconds by_state[] = {
#define X(name, keyword, member, text) member,
      PINION_STATES(X)
#undef X
  };
  pinion_settings& settings = settings_[0];
  for (uint32_t state = 0; state < std::size(by_state); ++state) {
    const uint32_t timeout = ticks(by_state[state]);
    __atomic_store_n(&settings.refresh_shift[state], refresh_shift(state, timeout),
                     __ATOMIC_RELAXED);
    __atomic_store_n(&settings.timeout[state], timeout, __ATOMIC_RELAXED);
  }
}

Result<> Tables::apply(const Change& change) {
  for (const Change::Server& server : change.servers)
    if (auto ready = prepare_server(server); !ready) return ready.error();
  if (change.local) write_local(change.local->after);
  for (const Change::Server& server : change.servers) write_server(server.index, server.after);
  for (const Change::Slots& slots : change.slots) write_slots(slots);
  if (auto flipped = flip(change.services); !flipped) {
    undo_servers(change);
    return flipped.error();
  }
  return {};
}

void Tables::undo(const Change& change) {
  for (size_t i = change.services.size(); i-- > 0;) unflip(change.services[i]);
  undo_servers(change);
}

void Tables::undo_servers(const Change& change) {
  for (const Change::Server& server : change.servers) write_server(server.index, server.before);
  if (change.local) write_local(change.local->before);
}

// A used index begins with counters of 0. A new service's cursors begin anywhere, on each CPU
// somewhere else, so that not every CPU gives its first connection to the same real server.
Result<> Tables::prepare_server(const Change::Server& server) {
  const bool begins =
      !(server.before.flags & PINION_SERVER_USED) && (server.after.flags & PINION_SERVER_USED);
  for (size_t i = server.index; begins && i < counters_.size(); i += servers_.size())
    counters_[i] = {};
  if (has_replies(server.after)) pinion_vip_set(&vips_[0], server.after.address);
  return server.after.ifindex ? allow_egress(server.after.ifindex) : Result<>();
}

// An interface that is gone is no failure: the next fact about the real server names another. What
// leaves by a VLAN device leaves by the one below it.
Result<> Tables::allow_egress(uint32_t ifindex) {
  if (vlan_indices_.contains(ifindex)) return {};
  char name[IF_NAMESIZE];
  auto put = egress_.put(ifindex, ifindex);
  if (!put && if_indextoname(ifindex, name)) return put.error();
  return {};
}

Result<> Tables::add_vlans(const Vlans& vlans) {
  std::set<uint32_t> below;
  for (const auto& [ifindex, vlan] : vlans.devices) {
    if (auto put = vlan_devices_.put(ifindex, vlan); !put) return put;
    vlan_indices_.insert(ifindex);
    if (vlans.used) below.insert(vlan.device);
  }
  for (const uint32_t device : below)
    if (auto allowed = allow_egress(device); !allowed) return allowed;
  for (const auto& [key, entrance] : vlans.entrances)
    if (auto put = entrances_.put(key, entrance); !put) return put;
  return {};
}

Result<> Tables::keep_vlans(const Vlans& vlans) {
  vlan_indices_.clear();
  for (const auto& [ifindex, vlan] : vlans.devices) vlan_indices_.insert(ifindex);
  if (auto kept = keep_only(entrances_, vlans.entrances); !kept) return kept;
  return keep_only(vlan_devices_, vlans.devices);
}

// A packet that takes a number while the pool changes takes one of the old pool, or of the new, or
// none: whatever number it finds has its address.
void Tables::write_local(const pinion_local_addresses& next) {
  pinion_local_addresses& local = local_[0];
  const auto* from = &next.address[0][0];
  std::copy(from, from + sizeof(next.address) / sizeof(__be32), &local.address[0][0]);
  local.first_port = next.first_port;
  std::atomic_thread_fence(std::memory_order_release);
  std::copy(std::begin(next.pool4), std::end(next.pool4), local.pool4);
  std::copy(std::begin(next.pool6), std::end(next.pool6), local.pool6);
  std::atomic_thread_fence(std::memory_order_release);
  __atomic_store_n(&local.ports, next.ports, __ATOMIC_RELAXED);
  __atomic_store_n(&local.count4, next.count4, __ATOMIC_RELAXED);
  __atomic_store_n(&local.count6, next.count6, __ATOMIC_RELAXED);
}

// Word by word, each whole, and the one with the flags last: a packet never sees half an address.
void Tables::write_server(uint32_t index, const pinion_real_server& entry) {
  constexpr size_t kWords = sizeof(entry) / sizeof(uint64_t);
  uint64_t words[kWords];
  std::memcpy(words, &entry, sizeof(entry));
  auto* stored = reinterpret_cast<uint64_t*>(&servers_[index]);
  for (size_t i = kWords; i-- > 0;) __atomic_store_n(&stored[i], words[i], __ATOMIC_RELEASE);
}

void Tables::write_slots(const Change::Slots& slots) {
  uint32_t slot = slots.base;
  for (const uint32_t reference : slots.references)
    __atomic_store_n(&slots_[slot++], reference, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_RELEASE);
}

// Its addresses are looked at from now on.
void Tables::admit(const ServiceKey& key) {
  pinion_vip_set_prefix(&vips_[0], key.key.addr, key.map == ServiceMap::kPrefixes ? key.bits : 128);
}

Result<> Tables::write_service(const ServiceKey& key, const std::optional<pinion_service>& value) {
  const auto write = [&](auto& map, const auto& at) {
    return value ? map.put(at, *value) : map.erase(at);
  };
  switch (key.map) {
    case ServiceMap::kExact:
      return write(services_, key.key);
    case ServiceMap::kRanges:
      return write(ranges_, range_key(key));
    case ServiceMap::kPrefixes:
      return write(prefixes_, prefix_key(key));
  }
  return refusal("write " + to_string(key) + ": there is no such map");
}

void Tables::unflip(const Change::Service& service) {
  auto undone = write_service(service.key, service.before);
  if (!undone) log::error("undo failed", {{"error", undone.error().message()}});
}

Result<> Tables::flip(const std::vector<Change::Service>& services) {
  std::minstd_rand random(std::random_device{}());
  for (size_t i = 0; i < services.size(); ++i) {
    const Change::Service& service = services[i];
    Result<> written;
    if (begins(service))
      written = cursors_.put(service.after->index, [&] { return uint32_t(random()); });
    // First, or packets would pass a service that is there.
    if (service.after && !service.before) admit(service.key);
    if (written) written = write_service(service.key, service.after);
    if (written) continue;
    while (i-- > 0) unflip(services[i]);
    return written.error();
  }
  return {};
}

Result<Adopted> Tables::read(const Program& program) const {
  Adopted adopted;
  for (const auto& done :
       {read_into(adopted, services_), read_into(adopted, ranges_), read_into(adopted, prefixes_),
        read_former<pinion_service_key>(adopted, program.former("services")),
        read_former<pinion_range_key>(adopted, program.former("service_ranges")),
        read_former<pinion_prefix_key>(adopted, program.former("service_prefixes"))})
    if (!done) return done.error();
  adopted.local = local_[0];
  adopted.servers.resize(servers_.size());
  for (size_t i = 0; i < servers_.size(); ++i) adopted.servers[i] = servers_[i];
  return adopted;
}

}  // namespace pinion
