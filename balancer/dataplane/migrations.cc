// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/migrations.h"

#include <bpf/bpf.h>
#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "balancer/bpf/abi/abi.h"
#include "balancer/dataplane/load.h"
#include "balancer/dataplane/map.h"
#include "balancer/dataplane/plans.h"

namespace pinion {
namespace {

constexpr FormerLayout kFormer[] = {
    {"settings", 6, 160},      {"load", 1, sizeof(Load::Former)}, {"services", 1, 16},
    {"service_ranges", 1, 16}, {"service_prefixes", 1, 16},
};

// Layout 6 is the beginning of 7. It had CLOCK_MONOTONIC's ticks, and one period for all states
// where 7 has a 0.
void from_6(pinion_settings& settings) {
  std::fill(std::begin(settings.refresh_shift), std::end(settings.refresh_shift),
            static_cast<uint8_t>(settings.zero));
  settings.zero = 0;
}

// Seed and timeouts stay.
Result<> carry_settings(const NewMap& map) {
  const uint32_t first = 0;
  bpf_map_info info{};
  uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(map.former, &info, &length) != 0)
    return errno_error("inspect pinned settings");
  std::vector<char> there(std::max<size_t>(info.value_size, sizeof(pinion_settings)));
  if (bpf_map_lookup_elem(map.former, &first, there.data()) != 0)
    return errno_error("read pinned settings");
  pinion_settings settings;
  std::memcpy(&settings, there.data(), sizeof(settings));
  if (settings.abi == 6) from_6(settings);
  set_versions(settings);
  settings.tick_offset = map.tick_offset;
  if (bpf_map_update_elem(map.fd, &first, &settings, BPF_ANY) == 0) return {};
  return errno_error("write settings");
}

Result<> begin_load(const NewMap& map) { return Load::begin_apart(map.fd, map.entries); }

// Nobody knows whose connections there still are: all addresses are looked at.
Result<> admit_all(const NewMap& map) {
  auto vips = MappedArray<pinion_vip_filter>::map(map.fd, map.entries, "vips");
  if (!vips) return vips.error();
  std::fill(std::begin((*vips)[0].word), std::end((*vips)[0].word), ~0ull);
  return {};
}

// As a new service's begin.
Result<> scatter(const NewMap& map) {
  std::minstd_rand random(std::random_device{}());
  PerCpuArray<uint32_t> cursors(Fd(fcntl(map.fd, F_DUPFD_CLOEXEC, 0)), "cursors");
  for (uint32_t index = 0; index < map.entries; ++index)
    if (auto put = cursors.put(index, [&] { return uint32_t(random()); }); !put) return put;
  return {};
}

struct Beginning {
  const char* map;
  Result<> (*begin)(const NewMap& map);
};

constexpr Beginning kBeginnings[] = {
    {"settings", carry_settings},
    {"load", begin_load},
    {"vips", admit_all},
    {"cursors", scatter},
};

}  // namespace

const FormerLayout* find_former(const std::string& map, uint32_t version) {
  for (const FormerLayout& row : kFormer)
    if (row.map == map && row.version == version) return &row;
  return nullptr;
}

Result<> begin_anew(const std::string& name, const NewMap& map) {
  for (const Beginning& row : kBeginnings)
    if (row.map == name) return row.begin(map);
  return {};
}

}  // namespace pinion
