// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/adoption.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <optional>
#include <set>

#include "balancer/dataplane/migrations.h"
#include "balancer/dataplane/staging.h"

namespace pinion {
namespace {

constexpr uint32_t kLastWithoutVersions = 6;  // Every other family then had version 1.

using Versions = std::array<uint32_t, PINION_FAMILY_COUNT>;

struct Layout {
  uint32_t type, key_size, value_size, flags, entries;
};

// A map of this build, and what is pinned under its name.
struct Pair {
  const Plan& plan;
  bpf_map* map;
  Layout wanted;
  Fd fd;  // -1: nothing is.
  Layout there{};
};

Error other_pins(const Pins& pins, const std::string& what) {
  return refusal(what + "; to go on, stop that daemon with on_stop: withdraw, or remove " +
                 pins.directory() + " (its connections are then lost)");
}

Layout layout_of(const bpf_map* map) {
  return {bpf_map__type(map), bpf_map__key_size(map), bpf_map__value_size(map),
          bpf_map__map_flags(map), bpf_map__max_entries(map)};
}

// The kernel adds BPF_F_RDONLY_PROG to device maps.
Result<Layout> layout_of(const Pins& pins, const std::string& map, const Fd& fd) {
  bpf_map_info info{};
  uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd.get(), &info, &length) != 0)
    return errno_error("inspect pinned map " + pins.path(map));
  return Layout{info.type, info.key_size, info.value_size, info.map_flags & ~BPF_F_RDONLY_PROG,
                info.max_entries};
}

// What differs first: "values of 8 bytes instead of 16"; "" where nothing does. The number of
// entries does not count where the configuration decides it.
std::string difference(const Layout& there, const Layout& wanted, bool sized) {
  struct Property {
    const char* format;
    uint32_t Layout::*member;
  };
  constexpr Property kProperties[] = {
      {"type %u instead of %u", &Layout::type},
      {"keys of %u bytes instead of %u", &Layout::key_size},
      {"values of %u bytes instead of %u", &Layout::value_size},
      {"flags %#x instead of %#x", &Layout::flags},
      {"%u entries instead of %u", &Layout::entries},
  };
  for (const auto& [format, member] : kProperties) {
    if (there.*member == wanted.*member || (sized && member == &Layout::entries)) continue;
    char text[80];
    std::snprintf(text, sizeof(text), format, there.*member, wanted.*member);
    return text;
  }
  return "";
}

bool is_sized(const Pair& pair) { return *pair.plan.key != '\0'; }

Versions versions_of(const pinion_settings& settings) {
  Versions versions;
  std::copy_n(settings.version, versions.size(), versions.begin());
  if (settings.abi == kLastWithoutVersions)
    std::fill_n(versions.begin(), PINION_FAMILY_EGRESS + 1, 1);  // The last one that it had.
  versions[PINION_FAMILY_SETTINGS] = settings.abi;
  return versions;
}

Result<std::vector<Pair>> pair_up(const Pins& pins, bpf_object& object) {
  std::vector<Pair> pairs;
  for (const Plan& plan : plans()) {
    bpf_map* map = bpf_object__find_map_by_name(&object, plan.map);
    auto fd = pins.get(plan.map);
    if (!fd) return fd.error();
    pairs.push_back({plan, map, layout_of(map), std::move(*fd)});
    if (!pairs.back().fd) continue;
    auto layout = layout_of(pins, plan.map, pairs.back().fd);
    if (!layout) return layout.error();
    pairs.back().there = *layout;
  }
  return pairs;
}

// What the map has in the version in place, if it is one that this build can read.
std::optional<Layout> known_layout(const Pair& pair, uint32_t version) {
  if (version == family_of(pair.plan).version) return pair.wanted;
  const FormerLayout* former = find_former(pair.plan.map, version);
  if (!former) return {};
  Layout layout = pair.wanted;
  layout.value_size = former->value_size;
  return layout;
}

// Can it be taken over, as it is or by a migration? Of a family that did not exist there is
// nothing.
Result<> check_carried(const Pins& pins, const Pair& pair, uint32_t version) {
  const std::string map = pair.plan.map;
  if (!pair.fd && version == 0) return {};
  if (!pair.fd) return other_pins(pins, "of the pinned maps " + map + " is missing");
  const auto layout = known_layout(pair, version);
  if (!layout)
    return other_pins(pins, "map " + map + " of the data plane in place has layout " +
                                std::to_string(version) + ", this daemon " +
                                std::to_string(family_of(pair.plan).version));
  const std::string differs = difference(pair.there, *layout, is_sized(pair));
  if (differs.empty()) return {};
  return other_pins(pins, "map " + map + " of the data plane in place has " + differs);
}

Result<> check_size(const Pins& pins, const Pair& pair) {
  if (!pair.fd || !is_sized(pair) || pair.there.entries == pair.wanted.entries) return {};
  return other_pins(pins, std::string("the data plane in place was made with another ") +
                              pair.plan.key + " (map " + pair.plan.map + " has " +
                              std::to_string(pair.there.entries) + " entries, wanted are " +
                              std::to_string(pair.wanted.entries) + ")");
}

bool is_same(const Pair& pair, uint32_t version) {
  return pair.fd && version == family_of(pair.plan).version &&
         difference(pair.there, pair.wanted, is_sized(pair)).empty();
}

// Families with a map that is another one. If there are any, the settings are made anew with them:
// their versions change in the same step as the maps.
Result<std::set<pinion_family>> changed_families(const Pins& pins, const std::vector<Pair>& pairs,
                                                 const Versions& versions) {
  std::set<pinion_family> changed;
  for (const Pair& pair : pairs) {
    const uint32_t version = versions[pair.plan.family];
    const bool carried = family_of(pair.plan).fate == Fate::kCarried;
    const bool same = is_same(pair, version);
    if (carried)
      if (auto able = check_carried(pins, pair, version); !able) return able.error();
    if (carried || same)
      if (auto sized = check_size(pins, pair); !sized) return sized.error();
    if (!same) changed.insert(pair.plan.family);
  }
  if (!changed.empty()) changed.insert(PINION_FAMILY_SETTINGS);
  return changed;
}

// Of what is made anew though its version is this build's, too little is right to read any of it.
bool is_readable(const Pair& pair, uint32_t version) {
  const Family& family = family_of(pair.plan);
  if (family.fate == Fate::kRemade && version == family.version) return false;
  const auto layout = known_layout(pair, version);
  return pair.fd && layout && difference(pair.there, *layout, is_sized(pair)).empty();
}

Result<Adoption> divide(const Pins& pins, std::vector<Pair> pairs,
                        const std::set<pinion_family>& changed, const Versions& versions) {
  Adoption adoption;
  for (Pair& pair : pairs) {
    const Plan& plan = pair.plan;
    if (changed.contains(plan.family)) {
      adoption.made_anew.push_back(&plan);
      if (is_readable(pair, versions[plan.family])) adoption.former[plan.map] = std::move(pair.fd);
    } else if (bpf_map__reuse_fd(pair.map, pair.fd.get()) != 0) {
      return errno_error("adopt pinned map " + pins.path(plan.map));
    }
  }
  return adoption;
}

}  // namespace

// Whatever their layout is, the settings begin with its number; they may be larger than ours.
Result<std::optional<pinion_settings>> settings_in_place(const Pins& pins) {
  const uint32_t first = 0;
  auto fd = pins.get("settings");
  if (!fd) return fd.error();
  if (!*fd) return std::optional<pinion_settings>();
  auto layout = layout_of(pins, "settings", *fd);
  if (!layout) return layout.error();
  std::vector<char> value(std::max<size_t>(layout->value_size, sizeof(pinion_settings)));
  if (bpf_map_lookup_elem(fd->get(), &first, value.data()) != 0)
    return errno_error("read pinned map " + pins.path("settings"));
  pinion_settings there;
  std::memcpy(&there, value.data(), sizeof(there));
  if (there.abi == PINION_ABI || there.abi == kLastWithoutVersions) return std::optional(there);
  return other_pins(pins, "the data plane in place has layout " + std::to_string(there.abi) +
                              ", this daemon " + std::to_string(PINION_ABI));
}

Result<Adoption> adopt_maps(const Pins& pins, const pinion_settings& settings, bpf_object& object) {
  const Versions versions = versions_of(settings);
  auto pairs = pair_up(pins, object);
  if (!pairs) return pairs.error();
  auto changed = changed_families(pins, *pairs, versions);
  if (!changed) return changed.error();
  auto former = pins.get(kFormerLoad);
  if (!former) return former.error();
  if (*former && changed->contains(PINION_FAMILY_LOAD))
    return other_pins(pins, "an upgrade of the data plane in place was interrupted, and " +
                                pins.path(kFormerLoad) +
                                " still counts; start the piniond that began it once more");
  auto adoption = divide(pins, std::move(*pairs), *changed, versions);
  if (adoption && *former) adoption->former["load"] = std::move(*former);
  return adoption;
}

}  // namespace pinion
