// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/floor.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>

#include <algorithm>
#include <vector>

#include "balancer/base/error.h"
#include "tests/bench/bpf/floors.h"
#include "tests/bench/bpf/plan.h"
#include "tests/bench/floors.skel.h"

namespace pinion::bench {
namespace {

// An LRU hash that is exactly full evicts to refill its lists of free entries; each CPU's has 128.
constexpr uint32_t kSlack = 4096;
constexpr uint32_t kBatch = 4096;

floor_key key_of(uint32_t number) {
  const bench_flow flow = bench_flow_of(number, 1);
  floor_key key{};
  key.source[0] = htonl(flow.client);
  key.destination[0] = htonl(BENCH_VIPS + flow.service);
  key.ports[0] = htons(flow.port);
  key.ports[1] = htons(BENCH_PORT);
  key.protocol = IPPROTO_TCP;
  return key;
}

}  // namespace

void Floor::Destroy::operator()(floors_bpf* skeleton) const { floors_bpf::destroy(skeleton); }

Floor::Floor(uint32_t flows) : skeleton_(floors_bpf::open()) {
  if (!skeleton_) or_throw(Result<>(errno_error("open the floors")));
  skeleton_->rodata->floor_lines = flows;
  bpf_map__set_max_entries(skeleton_->maps.flows, flows + kSlack);
  bpf_map__set_max_entries(skeleton_->maps.lines, flows);
  if (floors_bpf::load(skeleton_.get()) != 0)
    or_throw(Result<>(errno_error("load the floors (needs root)")));
  fill(flows);
}

Floor::~Floor() = default;

void Floor::fill(uint32_t flows) {
  LIBBPF_OPTS(bpf_map_batch_opts, options);
  const std::vector<floor_value> values(kBatch, floor_value{.server = 1});
  std::vector<floor_key> keys;
  for (uint32_t done = 0; done < flows; done += kBatch) {
    keys.clear();
    for (uint32_t i = done; i < std::min(flows, done + kBatch); ++i) keys.push_back(key_of(i));
    auto count = static_cast<uint32_t>(keys.size());
    if (bpf_map_update_batch(bpf_map__fd(skeleton_->maps.flows), keys.data(), values.data(), &count,
                             &options) != 0)
      or_throw(Result<>(errno_error("fill the floor's LRU hash")));
  }
}

int Floor::program_a() const { return bpf_program__fd(skeleton_->progs.floor_a); }
int Floor::program_b() const { return bpf_program__fd(skeleton_->progs.floor_b); }

}  // namespace pinion::bench
