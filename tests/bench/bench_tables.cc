// SPDX-License-Identifier: Apache-2.0
// What the daemon's work on tables costs: building them, applying a change, sweeping connections.
// Budgets, with 1,000 services of 100 servers: from cold < 2 s, a change of one
// real server < 10 ms; a sweep of 10 M entries < 0.5 s.
#include <benchmark/benchmark.h>
#include <bpf/libbpf.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/dataplane/connections.h"
#include "balancer/dataplane/pins.h"
#include "balancer/dataplane/program.h"
#include "balancer/dataplane/tables.h"
#include "balancer/model/model.h"
#include "balancer/model/schedulers.h"

namespace pinion::bench {
namespace {

constexpr uint32_t kServices = 1000;
constexpr uint32_t kServersEach = 100;
constexpr uint32_t kEntries = 10'000'000;

Address address(uint32_t network, uint32_t host) {
  const std::string third = std::to_string(host / 250);
  return *Address::parse("10." + std::to_string(network) + "." + third + "." +
                         std::to_string(1 + host % 250));
}

void build(benchmark::State& state, const char* keyword) {
  std::vector<Candidate> pool;
  for (uint32_t i = 0; i < state.range(0); ++i)
    pool.push_back({address(1, i), Port{80}, 1 + i % 3});
  const Scheduler& scheduler = *find_scheduler(keyword);
  for (auto _ : state) benchmark::DoNotOptimize(scheduler.build(pool));
}
BENCHMARK_CAPTURE(build, rr, "rr")->Arg(10)->Arg(100)->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(build, wrr, "wrr")->Arg(10)->Arg(100)->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(build, mh, "mh")->Arg(10)->Arg(100)->Arg(1000)->Unit(benchmark::kMicrosecond);

Config large_config() {
  Config config;
  config.director.instance = "bench-tables";
  config.director.connections = {.ipv4 = kEntries / 2, .ipv6 = 0};
  config.director.limits = {.services = 4096, .servers = 1 << 17, .slots = 1 << 25};
  for (uint32_t i = 0; i < kServices; ++i) {
    config::Service service;
    service.name = "service-" + std::to_string(i);
    service.listeners = {{{address(0, i), 32}, Ports::one(80)}};
    for (uint32_t j = 0; j < kServersEach; ++j)
      service.servers.push_back({address(1 + i % 100, j), 1});
    config.services.push_back(std::move(service));
  }
  return config;
}

// The weight of one real server is another one each time.
void change_one(Config& config) {
  uint32_t& weight = config.services[kServices / 2].servers[0].weight;
  weight = weight == 1 ? 2 : 1;
}

// The model alone, into a Change.
void configure_cold(benchmark::State& state) {
  const Config config = large_config();
  for (auto _ : state) {
    Model model(config.director.limits);
    benchmark::DoNotOptimize(or_throw(model.configure(config)));
  }
}
BENCHMARK(configure_cold)->Unit(benchmark::kMillisecond);

void configure_one_server(benchmark::State& state) {
  Config config = large_config();
  Model live(config.director.limits);
  or_throw(live.configure(config));
  for (auto _ : state) {
    change_one(config);
    Model next = live;
    benchmark::DoNotOptimize(or_throw(next.configure(config)));
    live = std::move(next);
  }
}
BENCHMARK(configure_one_server)->Unit(benchmark::kMillisecond);

// The kernel's maps, which nobody else sees: nothing is pinned.
Program load_program(const Config& config) {
  const Pins pins = or_throw(Pins::open(config.director.instance));
  Program program =
      or_throw(Program::load(pins, config.director, {.methods = 1u << PINION_METHOD_DR}));
  std::filesystem::remove(pins.directory());
  return program;
}

// The model and the maps, as when the daemon starts.
void apply_cold(benchmark::State& state) {
  const Config config = large_config();
  const Program program = load_program(config);
  Tables tables = or_throw(Tables::open(program, config.director.limits));
  for (auto _ : state) {
    Model model(config.director.limits);
    or_throw(tables.apply(or_throw(model.configure(config))));
  }
}
BENCHMARK(apply_cold)->Unit(benchmark::kMillisecond);

void apply_one_server(benchmark::State& state) {
  Config config = large_config();
  const Program program = load_program(config);
  Tables tables = or_throw(Tables::open(program, config.director.limits));
  Model live(config.director.limits);
  or_throw(tables.apply(or_throw(live.configure(config))));
  for (auto _ : state) {
    change_one(config);
    Model next = live;
    or_throw(tables.apply(or_throw(next.configure(config))));
    live = std::move(next);
  }
}
BENCHMARK(apply_one_server)->Unit(benchmark::kMillisecond);

// Every second entry is an established connection: as full as the capacity says.
void fill_half(const Program& program, uint32_t entries) {
  MappedArray<pinion_bucket4> buckets;
  or_throw(program.map_into(buckets, "connections4", entries / PINION_WAYS));
  for (uint32_t i = 0; i < entries; i += 2) {
    pinion_entry4& entry = buckets[i / PINION_WAYS].entry[i % PINION_WAYS];
    entry.connection.word = PINION_STATE_ESTABLISHED;
    entry.connection.server = PINION_REFERENCE(1 + i % kServersEach, 0);
  }
}

void sweep(benchmark::State& state) {
  Config config = large_config();
  const Program program = load_program(config);
  Tables tables = or_throw(Tables::open(program, config.director.limits));
  tables.set_timeouts({.established = std::chrono::hours(24 * 10)});
  ConnectionTable table = or_throw(ConnectionTable::open(program, config.director, false));
  fill_half(program, static_cast<uint32_t>(table.size()));
  for (auto _ : state) {
    ConnectionTable::Swept swept;
    table.sweep(0, table.size(), swept);
    if (swept.expired || !swept.states[PINION_STATE_ESTABLISHED])
      state.SkipWithError("the sweep did not find the connections");
  }
  state.counters["entries"] = static_cast<double>(table.size());
}
BENCHMARK(sweep)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace pinion::bench

BENCHMARK_MAIN();
