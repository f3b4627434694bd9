// SPDX-License-Identifier: Apache-2.0
// How an upgrade puts maps that were made anew in place of those that are pinned. Whoever is killed
// at any moment leaves what the next start can adopt:
//
// 1. `next_settings` is pinned, then `next_<map>` for every other map that was made anew. As long
// as
//    next_settings is there, nothing has happened: no interface runs the new program. The daemon of
//    before adopts the rest, and never looks at these; the new one removes them and starts over.
// 2. next_settings takes the name of `settings`, in one step. The settings have the new versions,
// so
//    an older daemon refuses from now on. `load` would not be right if it did not.
// 3. The others take their maps' names, too; the `load` of before is pinned as former_load. A start
//    that finds some `next_<map>` left goes on with that. The old program keeps its maps for as
//    long as it is on an interface.
// 4. The interfaces get the new program.
// 5. When nobody runs the old one any more, the counts of former_load are added to those of `load`
//    (load.h), and it goes. A start that finds it does that again.
#pragma once

#include <span>
#include <string>
#include <utility>

#include "balancer/base/error.h"
#include "balancer/dataplane/pins.h"

namespace pinion {

constexpr char kFormerLoad[] = "former_load";

using NamedMap = std::pair<std::string, int>;  // The descriptor is the caller's.

// Steps 1 to 3. If it fails before step 2, the pins are as they were.
Result<> replace_pins(const Pins& pins, std::span<const NamedMap> made);

// What a start does first: removes what step 1 left, or goes on with step 3.
Result<> resume_replacing(const Pins& pins);

}  // namespace pinion
