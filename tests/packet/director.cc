// SPDX-License-Identifier: Apache-2.0
#include "tests/packet/director.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "balancer/bpf/conntrack/connection_table.h"
#include "balancer/bpf/service/vip_filter.h"

namespace pinion::packet {
namespace {

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::system_error(error, std::generic_category(), what);
}

// As the maps have it: IPv4 is ::ffff:a.b.c.d.
void put_address(__be32 (&words)[4], const std::string& address) {
  const Bytes bytes = address_bytes(address);
  auto* at = reinterpret_cast<uint8_t*>(words);
  if (bytes.size() == 4) at[10] = at[11] = 0xff;
  std::copy(bytes.begin(), bytes.end(), at + 16 - bytes.size());
}

void put_tags(pinion_tag* place, const Director::Tags& tags) {
  for (const auto& [protocol, vlan] : tags)
    *place++ = {__builtin_bswap16(protocol), __builtin_bswap16(vlan)};
}

pinion_service_key key_of(const Service& service) {
  pinion_service_key key{.protocol = service.protocol, .port = __builtin_bswap16(service.port)};
  put_address(key.addr, service.address);
  return key;
}

}  // namespace

std::string next_hop_of(uint32_t server) {
  char text[18];
  std::snprintf(text, sizeof(text), "02:00:00:00:01:%02x", server);
  return text;
}

Bytes towards(uint32_t server, Bytes in) {
  const Bytes to = mac_bytes(next_hop_of(server)), from = mac_bytes(kEgressMac);
  std::copy(to.begin(), to.end(), in.begin());
  std::copy(from.begin(), from.end(), in.begin() + 6);
  return in;
}

Ran run_program(int program, const Bytes& in, uint32_t ifindex) {
  Bytes out(in.size() + 256);
  xdp_md context{.data_end = static_cast<uint32_t>(in.size()), .ingress_ifindex = ifindex};
  LIBBPF_OPTS(bpf_test_run_opts, options);
  options.data_in = in.data();
  options.data_size_in = static_cast<uint32_t>(in.size());
  options.data_out = out.data();
  options.data_size_out = static_cast<uint32_t>(out.size());
  options.ctx_in = &context;
  options.ctx_size_in = sizeof(context);
  if (bpf_prog_test_run_opts(program, &options)) fail("run the program", errno);
  out.resize(options.data_size_out);
  return {options.retval, std::move(out)};
}

Director::Director(const Features& features, const std::string& file)
    : coefficients_(coefficients_of(features)), object_(open_object(file, features)) {
  load_object(object_.get(), file);
  program_ = bpf_program__fd(bpf_object__find_program_by_name(object_.get(), "pinion_ingress"));
  settings_ = memory<pinion_settings>("settings", 1);
  entries4_ = memory<pinion_entry4>("connections4", kGroups * PINION_GROUP4 * PINION_WAYS);
  entries6_ = memory<pinion_entry6>("connections6", kGroups * PINION_GROUP6 * PINION_WAYS);
  servers_ = memory<pinion_real_server>("real_servers", kServers);
  load_ = memory<pinion_load>("load", kServers);
  slots_ = memory<Slot>("slots", kSlots);
  const auto cpus = static_cast<uint32_t>(libbpf_num_possible_cpus());
  counters_ = {memory<pinion_counters>("counters", cpus * kServers), cpus * kServers};
  verdicts_ = {memory<pinion_verdict_counters>("verdicts", cpus), cpus};
  local_ = memory<pinion_local_addresses>("local_addresses", 1);
  const auto take = [](void* list, void* data, size_t) {
    static_cast<std::vector<pinion_early_fragment>*>(list)->push_back(
        *static_cast<const pinion_early_fragment*>(data));
    return 0;
  };
  ring_.reset(ring_buffer__new(map("early_fragments"), take, &early_, nullptr));
  if (!ring_) fail("early_fragments", errno);
}

int Director::map(const char* name) const {
  return bpf_object__find_map_fd_by_name(object_.get(), name);
}

// Mapped for as long as the process lives.
template <typename T>
T* Director::memory(const char* name, uint32_t count) const {
  const size_t page = 4096, size = (count * sizeof(T) + page - 1) / page * page;
  void* at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, map(name), 0);
  if (at == MAP_FAILED) fail(std::string("map ") + name, errno);
  return static_cast<T*>(at);
}

template <typename T>
void Director::zero_per_cpu(const char* name, uint32_t count) const {
  const size_t stride = (sizeof(T) + 7) / 8 * 8;
  const std::vector<char> zeros(stride * static_cast<size_t>(libbpf_num_possible_cpus()));
  for (uint32_t i = 0; i < count; ++i) bpf_map_update_elem(map(name), &i, zeros.data(), BPF_ANY);
}

template <typename Key>
void Director::empty(const char* name) const {
  Key key;
  while (bpf_map_get_next_key(map(name), nullptr, &key) == 0) bpf_map_delete_elem(map(name), &key);
}

void Director::reset() {
  std::fill_n(entries4_, entries4().size(), pinion_entry4{});
  std::fill_n(entries6_, entries6().size(), pinion_entry6{});
  std::fill_n(servers_, kServers, pinion_real_server{});
  std::fill_n(load_, kServers, pinion_load{});
  std::fill_n(slots_, kSlots, Slot{});
  *local_ = {};
  zero_per_cpu<uint32_t>("cursors", 64);
  std::fill(counters_.begin(), counters_.end(), pinion_counters{});
  std::fill(verdicts_.begin(), verdicts_.end(), pinion_verdict_counters{});
  zero_per_cpu<pinion_replies>("replies", 1);
  vips_ = {};
  const pinion_last_hop hop{};
  for (uint32_t i = 0; i < 8; ++i) bpf_map_update_elem(map("last_hops"), &i, &hop, BPF_ANY);
  empty<pinion_last_hop>("last_hop_numbers");
  empty<pinion_service_key>("services");
  empty<pinion_range_key>("service_ranges");
  empty<pinion_prefix_key>("service_prefixes");
  empty<uint32_t>("egress");
  empty<pinion_fragment_key>("fragments");
  early_fragments();
  empty<pinion_entrance_key>("entrances");
  empty<uint32_t>("vlan_devices");
  *settings_ = {.abi = PINION_ABI};
  std::copy(coefficients_.begin(), coefficients_.end(), settings_->seed);
  settings_->timeout[PINION_STATE_SYN_RECEIVED] = kSynTimeout;
  settings_->timeout[PINION_STATE_PICKED_UP] = kEstablishedTimeout;
  settings_->timeout[PINION_STATE_ESTABLISHED] = kEstablishedTimeout;
  settings_->timeout[PINION_STATE_FIN_WAIT] = kFinTimeout;
  settings_->timeout[PINION_STATE_CLOSED] = kClosedTimeout;
  settings_->timeout[PINION_STATE_UDP] = kUdpTimeout;
  settings_->timeout[PINION_STATE_CLOSE_WAIT] = kFinTimeout;
  settings_->timeout[PINION_STATE_LAST_ACK] = kFinTimeout;
  settings_->timeout[PINION_STATE_TIME_WAIT] = kTimeWaitTimeout;
  for (auto& shift : settings_->refresh_shift) shift = __builtin_ctz(kPeriod);
}

void Director::add_server(uint32_t index, const Server& server) {
  pinion_real_server& entry = servers()[index];
  entry = {.generation = server.generation,
           .ifindex = server.ifindex,
           .method = static_cast<uint8_t>(server.method),
           .mtu = 1500};
  entry.port = __builtin_bswap16(server.port);
  if (server.method == PINION_METHOD_FULLNAT)
    entry.client_address = static_cast<uint8_t>(server.client_address);
  if (PINION_TWO_SIDED & 1u << server.method) entry.mss = server.mss;
  if (!server.address.empty()) put_address(entry.address, server.address);
  entry.flags =
      static_cast<uint8_t>(PINION_SERVER_USED | (server.accepts ? PINION_SERVER_ACCEPTS : 0));
  const Bytes to = mac_bytes(next_hop_of(index)), from = mac_bytes(kEgressMac);
  if (server.resolved) std::copy(to.begin(), to.end(), entry.next_hop);
  std::copy(from.begin(), from.end(), entry.source);
}

void Director::add_service(const Service& service) {
  const pinion_service_key key = key_of(service);
  const pinion_service value{.index = service.index,
                             .slot_base = service.slot_base,
                             .slot_count = static_cast<uint32_t>(service.slots.size()),
                             .selection = static_cast<uint8_t>(service.selection)};
  for (size_t i = 0; i < service.slots.size(); ++i)
    slots()[service.slot_base + i].reference =
        PINION_REFERENCE(service.slots[i], servers()[service.slots[i]].generation);
  const uint32_t first = 0;
  pinion_vip_set_prefix(&vips_, key.addr, service.address_bits.value_or(128));
  if (bpf_map_update_elem(map("vips"), &first, &vips_, BPF_ANY)) fail("vips", errno);
  if (service.port_bits) {
    put("service_ranges", pinion_range_key{PINION_RANGE_BITS + *service.port_bits, key}, value);
  } else if (service.address_bits) {
    pinion_prefix_key prefix{.bits = PINION_PREFIX_BITS + *service.address_bits,
                             .protocol = key.protocol,
                             .port = key.port};
    std::copy(std::begin(key.addr), std::end(key.addr), prefix.addr);
    put("service_prefixes", prefix, value);
  } else {
    put("services", key, value);
  }
}

template <typename Key, typename Value>
void Director::put(const char* name, const Key& key, const Value& value) const {
  if (bpf_map_update_elem(map(name), &key, &value, BPF_ANY)) fail(name, errno);
}

void Director::look_at(const std::string& address) {
  const uint32_t first = 0;
  __be32 words[4] = {};
  put_address(words, address);
  pinion_vip_set(&vips_, words);
  if (bpf_map_update_elem(map("vips"), &first, &vips_, BPF_ANY)) fail("vips", errno);
}

void Director::send_from(const std::vector<std::string>& addresses, uint32_t ports) {
  *local_ = {.first_port = PINION_FIRST_LOCAL_PORT, .ports = ports};
  uint8_t number = 0;
  for (const std::string& address : addresses) {
    put_address(local_->address[++number], address);
    if (address.find(':') == std::string::npos)
      local_->pool4[local_->count4++] = number;
    else
      local_->pool6[local_->count6++] = number;
  }
}

void Director::remove_service(const Service& service) {
  const pinion_service_key key = key_of(service);
  if (bpf_map_delete_elem(map("services"), &key)) fail("services", errno);
}

void Director::allow_egress(uint32_t ifindex, uint32_t device) {
  if (bpf_map_update_elem(map("egress"), &ifindex, &device, BPF_ANY)) fail("egress", errno);
}

void Director::add_entrance(const Tags& tags, const pinion_entrance& entrance) {
  pinion_entrance_key key{.ifindex = kLoopback};
  put_tags(key.tags, tags);
  put("entrances", key, entrance);
}

void Director::add_any_entrance(const pinion_entrance& entrance) {
  const pinion_entrance_key key{.ifindex = kLoopback, .tags = {{.protocol = PINION_ANY_TAGS}}};
  put("entrances", key, entrance);
}

void Director::add_vlan_device(uint32_t ifindex, uint32_t device, const Tags& tags) {
  pinion_vlan_device value{.device = device};
  put_tags(value.tags, tags);
  put("vlan_devices", ifindex, value);
}

void Director::set_cursor(uint32_t service, uint32_t slot) {
  const auto cpus = static_cast<size_t>(libbpf_num_possible_cpus());
  std::vector<uint64_t> values(cpus, slot);
  if (bpf_map_update_elem(map("cursors"), &service, values.data(), BPF_ANY)) fail("cursors", errno);
}

void Director::pace_replies(uint64_t due) {
  const uint32_t first = 0;
  const std::vector<pinion_replies> values(static_cast<size_t>(libbpf_num_possible_cpus()),
                                           {.due = due, .held_due = due});
  if (bpf_map_update_elem(map("replies"), &first, values.data(), BPF_ANY)) fail("replies", errno);
}

std::vector<pinion_early_fragment> Director::early_fragments() {
  ring_buffer__consume(ring_.get());
  return std::exchange(early_, {});
}

std::vector<std::pair<pinion_fragment_key, pinion_fragment>> Director::fragments() const {
  std::vector<std::pair<pinion_fragment_key, pinion_fragment>> all;
  pinion_fragment_key key;
  const pinion_fragment_key* last = nullptr;
  while (bpf_map_get_next_key(map("fragments"), last, &key) == 0) {
    pinion_fragment value;
    if (bpf_map_lookup_elem(map("fragments"), &key, &value)) fail("fragments", errno);
    all.emplace_back(key, value);
    last = &key;
  }
  return all;
}

void Director::put_fragment(const pinion_fragment_key& key, const pinion_fragment& value) {
  if (bpf_map_update_elem(map("fragments"), &key, &value, BPF_ANY)) fail("fragments", errno);
}

std::array<uint64_t, PINION_VERDICT_COUNT> Director::verdicts() const {
  std::array<uint64_t, PINION_VERDICT_COUNT> sums{};
  for (const auto& value : verdicts_)
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += value.count[i];
  return sums;
}

pinion_counters Director::counters(uint32_t server) const {
  pinion_counters sum{};
  for (size_t place = server; place < counters_.size(); place += kServers) {
    const pinion_counters& value = counters_[place];
    sum.connections += value.connections;
    sum.packets += value.packets;
    sum.bytes += value.bytes;
    sum.reply_packets += value.reply_packets;
    sum.reply_bytes += value.reply_bytes;
  }
  return sum;
}

void Director::each_connection(const std::function<void(pinion_connection&)>& visit, bool free) {
  const auto consider = [&](pinion_connection& connection) {
    if (free || pinion_state_of(connection.word) > PINION_STATE_CLAIMED) visit(connection);
  };
  for (auto& entry : entries4()) consider(entry.connection);
  for (auto& entry : entries6()) consider(entry.connection);
}

void Director::let_pass(uint32_t ticks) {
  each_connection([ticks](pinion_connection& connection) { connection.seen -= ticks; });
}

uint32_t tick() { return clock_of_objects().now(); }

const char* name_of(pinion_verdict verdict) {
  static constexpr const char* kNames[] = {"NEXT",
#define X(name, action, text) #name,
                                           PINION_VERDICTS(X)
#undef X
  };
  return kNames[verdict];
}

}  // namespace pinion::packet
