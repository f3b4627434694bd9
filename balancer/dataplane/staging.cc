// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/staging.h"

namespace pinion {
namespace {

constexpr char kPrefix[] = "next_";
constexpr char kSettings[] = "settings";
constexpr char kLoad[] = "load";

std::string staged(const std::string& map) { return kPrefix + map; }

// `next_settings` goes last: without it the others count.
void remove_staged(const Pins& pins) {
  for (const std::string& name : pins.names(kPrefix))
    if (name != staged(kSettings)) pins.remove(name);
  pins.remove(staged(kSettings));
}

Result<> stage(const Pins& pins, std::span<const NamedMap> made) {
  for (const bool settings : {true, false})
    for (const auto& [map, fd] : made) {
      if ((map == kSettings) != settings) continue;
      if (auto pinned = pins.put(staged(map), fd); !pinned) return pinned;
    }
  return pins.rename(staged(kSettings), kSettings);
}

// Whoever was killed between the two has left no `load`.
Result<> keep_former_load(const Pins& pins) {
  auto kept = pins.rename(kLoad, kFormerLoad);
  if (!kept && kept.error().code == std::errc::no_such_file_or_directory) return {};
  return kept;
}

Result<> rename_staged(const Pins& pins) {
  for (const std::string& name : pins.names(kPrefix)) {
    const std::string map = name.substr(sizeof(kPrefix) - 1);
    if (map == kLoad)
      if (auto kept = keep_former_load(pins); !kept) return kept;
    if (auto renamed = pins.rename(name, map); !renamed) return renamed;
  }
  return {};
}

}  // namespace

Result<> replace_pins(const Pins& pins, std::span<const NamedMap> made) {
  if (auto done = stage(pins, made); !done) {
    remove_staged(pins);
    return done;
  }
  return rename_staged(pins);
}

Result<> resume_replacing(const Pins& pins) {
  auto unfinished = pins.get(staged(kSettings));
  if (!unfinished) return unfinished.error();
  if (!*unfinished) return rename_staged(pins);
  remove_staged(pins);
  return {};
}

}  // namespace pinion
