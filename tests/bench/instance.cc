// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/instance.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>

#include <random>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/bpf/pinion.skel.h"
#include "balancer/bpf/service/vip_filter.h"
#include "tests/bench/bpf/plan.h"
#include "tests/bench/mapped.h"
#include "tests/bench/table.h"

namespace pinion::bench {
namespace {

constexpr uint32_t kNever = 1u << 30;  // Ticks, 13 days; differences of ticks have 31 bits.
constexpr uint8_t kRefreshShift = 17;  // As an established connection has it by default.
constexpr uint32_t kLoopback = 1;      // Test runs come in there, so XDP_TX goes out there.

// Of a service: as `mh` makes them for a small pool, where there is but one.
uint32_t slots_of(const Setup& setup) { return setup.services == 1 ? 16381 : 251; }

uint32_t groups_of(const Setup& setup, bool is_v6) {
  if (setup.is_v6 != is_v6) return 1;
  const uint32_t per_group = PINION_WAYS * (is_v6 ? PINION_GROUP6 : PINION_GROUP4);
  return (2 * setup.capacity + per_group - 1) / per_group;
}

// As a director of these servers has them.
Constants constants_of(const Setup& setup, const Clock& clock) {
  std::random_device random;
  std::array<__u64, 11> seed;
  for (auto& word : seed) word = uint64_t{random()} << 32 | random();
  Constants constants;
  constants.seed(seed);
  constants.choose({.methods = 1u << setup.method});
  constants[PINION_CONSTANT_NS_PER_JIFFY] = clock.ns_per_jiffy();
  constants[PINION_CONSTANT_TICK_OFFSET] = clock.offset();
  constants[PINION_CONSTANT_SERVERS] = setup.servers + 1;
  constants[PINION_CONSTANT_GROUPS4] = groups_of(setup, false);
  constants[PINION_CONSTANT_GROUPS6] = groups_of(setup, true);
  return constants;
}

void resize(bpf_map* map, uint32_t entries) {
  if (bpf_map__set_max_entries(map, entries) != 0)
    or_throw(Result<>(errno_error(std::string("size map ") + bpf_map__name(map))));
}

pinion_service_key key_of(uint32_t service, bool is_v6) {
  pinion_service_key key{};
  if (is_v6) {
    key.addr[0] = htonl(BENCH_NET6);
  } else {
    key.addr[2] = htonl(0xffff);
  }
  key.addr[3] = htonl(BENCH_VIPS + service);
  key.port = htons(BENCH_PORT);
  key.protocol = IPPROTO_TCP;
  return key;
}

void write_ipv4(__be32 (&address)[4], uint32_t ipv4) {
  address[0] = address[1] = 0;
  address[2] = htonl(0xffff);
  address[3] = htonl(ipv4);
}

pinion_real_server real_server(uint32_t index, const Setup& setup) {
  pinion_real_server server{};
  server.next_hop[0] = server.source[0] = 0x02;
  server.next_hop[4] = static_cast<uint8_t>(index >> 8);
  server.next_hop[5] = static_cast<uint8_t>(index);
  server.flags = PINION_SERVER_USED | PINION_SERVER_ACCEPTS;
  server.generation = kGeneration;
  server.port = htons(BENCH_PORT);
  server.ifindex = kLoopback;
  server.method = setup.method;
  server.tunnel = setup.tunnel;
  server.tunnel_port = htons(6080);
  server.mtu = 1500;
  write_ipv4(server.address, BENCH_SERVERS + index);
  write_ipv4(server.tunnel_source, BENCH_DIRECTOR);
  return server;
}

}  // namespace

void Instance::Destroy::operator()(pinion_bpf* skeleton) const { pinion_bpf::destroy(skeleton); }

Instance::Instance(const Setup& setup)
    : clock_(or_throw(Clock::start())), constants_(constants_of(setup, clock_)) {
  const Fd constants = or_throw(constants_.file());
  const std::string path = path_of(constants);
  LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = path.c_str());
  skeleton_.reset(pinion_bpf::open(&options));
  if (!skeleton_) or_throw(Result<>(errno_error("open the data plane")));
  size(setup);
  if (pinion_bpf::load(skeleton_.get()) != 0)
    or_throw(Result<>(errno_error("load the data plane (needs root)")));
  const pinion_settings settings = write_settings();
  write_services(setup);
  write_servers(setup);
  write_local_address();

  Mapped<pinion_load> load(skeleton_->maps.load);
  if (setup.is_v6) {
    Mapped<pinion_bucket6> buckets(skeleton_->maps.connections6);
    fill_table(Table6(buckets, settings, clock_.now()), setup, load);
  } else {
    Mapped<pinion_bucket4> buckets(skeleton_->maps.connections4);
    fill_table(Table4(buckets, settings, clock_.now()), setup, load);
  }
}

Instance::~Instance() = default;

void Instance::size(const Setup& setup) {
  auto* maps = &skeleton_->maps;
  resize(maps->connections4, groups_of(setup, false) * PINION_GROUP4);
  resize(maps->connections6, groups_of(setup, true) * PINION_GROUP6);
  resize(maps->services, setup.services);
  resize(maps->cursors, setup.services + 1);
  resize(maps->slots, setup.services * slots_of(setup));
  for (bpf_map* map : {maps->real_servers, maps->load}) resize(map, setup.servers + 1);
  const auto cpus = static_cast<uint32_t>(libbpf_num_possible_cpus());
  resize(maps->counters, (setup.servers + 1) * cpus);
  resize(maps->verdicts, cpus);
}

pinion_settings Instance::write_settings() {
  Mapped<pinion_settings> map(skeleton_->maps.settings);
  pinion_settings& settings = map[0];
  settings.abi = PINION_ABI;
  constants_.read_seed(settings.seed);
  for (auto& timeout : settings.timeout) timeout = kNever;
  for (auto& shift : settings.refresh_shift) shift = kRefreshShift;
  return settings;
}

void Instance::write_services(const Setup& setup) {
  Mapped<uint32_t> slots(skeleton_->maps.slots);
  for (size_t i = 0; i < slots.size(); ++i)
    slots[i] = PINION_REFERENCE(1 + static_cast<uint32_t>(i) % setup.servers, kGeneration);
  Mapped<pinion_vip_filter> vips(skeleton_->maps.vips);
  for (uint32_t i = 0; i < setup.services; ++i) {
    const pinion_service_key key = key_of(i, setup.is_v6);
    pinion_vip_set(&vips[0], key.addr);
    pinion_service service{};
    service.index = i + 1;
    service.slot_base = i * slots_of(setup);
    service.slot_count = slots_of(setup);
    service.selection = PINION_SELECT_HASH;
    if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.services), &key, &service, BPF_ANY) != 0)
      or_throw(Result<>(errno_error("write service " + std::to_string(i))));
  }
}

void Instance::write_servers(const Setup& setup) {
  Mapped<pinion_real_server> servers(skeleton_->maps.real_servers);
  Mapped<pinion_vip_filter> vips(skeleton_->maps.vips);
  for (uint32_t i = 1; i <= setup.servers; ++i) {
    servers[i] = real_server(i, setup);
    if (PINION_TWO_SIDED & 1u << setup.method) pinion_vip_set(&vips[0], servers[i].address);
  }
}

void Instance::write_local_address() {
  Mapped<pinion_local_addresses> map(skeleton_->maps.local_addresses);
  pinion_local_addresses& local = map[0];
  write_ipv4(local.address[1], BENCH_LOCAL);
  local.first_port = PINION_FIRST_LOCAL_PORT;
  local.ports = 65536 - PINION_FIRST_LOCAL_PORT;
  local.pool4[0] = 1;
  local.count4 = 1;
}

std::vector<bench_end> Instance::local_ends(const Setup& setup) const {
  std::unordered_map<uint64_t, uint16_t> ports;  // By the client's address and port.
  const auto key = [](uint32_t address, uint16_t port) { return uint64_t{address} << 16 | port; };
  Mapped<pinion_bucket4> buckets(skeleton_->maps.connections4);
  for (size_t i = 0; i < buckets.size(); ++i)
    for (const auto& [connection, flow] : buckets[i].entry)
      if (connection.flags & PINION_FULLNAT) ports[key(flow.saddr, flow.sport)] = flow.local_port;
  std::vector<bench_end> ends;
  for (uint32_t i = 0; i < setup.flows; ++i) {
    const bench_flow flow = bench_flow_of(i, setup.services);
    const auto port = ports.find(key(htonl(flow.client), htons(flow.port)));
    if (port == ports.end()) throw std::runtime_error("flow " + std::to_string(i) + " is lost");
    ends.push_back({htonl(BENCH_LOCAL), port->second, 0});
  }
  return ends;
}

void Instance::sweep() {
  Mapped<pinion_bucket4> buckets(skeleton_->maps.connections4);
  Mapped<pinion_load> load(skeleton_->maps.load);
  for (size_t i = 0; i < buckets.size(); ++i)
    for (auto& [connection, flow] : buckets[i].entry)
      if (pinion_state_of(connection.word) == PINION_STATE_SYN_RECEIVED) {
        const pinion_found old{&connection, connection.word, connection.server};
        pinion_end(&old, &load[PINION_INDEX(connection.server)]);
      }
}

int Instance::program() const { return bpf_program__fd(skeleton_->progs.pinion_ingress); }

Instance::Verdicts Instance::verdicts() const {
  Mapped<pinion_verdict_counters> cpus(skeleton_->maps.verdicts);
  Verdicts sum{};
  for (size_t cpu = 0; cpu < cpus.size(); ++cpu)
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += cpus[cpu].count[i];
  return sum;
}

}  // namespace pinion::bench
