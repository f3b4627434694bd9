// SPDX-License-Identifier: Apache-2.0
// What an earlier daemon has pinned, held against what this build makes. Nothing is changed here.
#pragma once

#include <bpf/libbpf.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/base/fd.h"
#include "balancer/dataplane/pins.h"
#include "balancer/dataplane/plans.h"

namespace pinion {

struct Adoption {
  // Maps of this build that stand in for some of another layout. They are not pinned yet.
  std::vector<const Plan*> made_anew;
  // By name, the maps in place that are not used any more, so far as somebody can read them; and
  // the `load` of before, where an upgrade that was interrupted has left two.
  std::map<std::string, Fd> former;
};

// Those of the data plane in place, with 0 for what its layout did not have; nothing where there is
// none. Refuses layouts that are not known.
Result<std::optional<pinion_settings>> settings_in_place(const Pins& pins);

// Gives each map of `object`, whose sizes are set, the pinned one where that is the same. Of
// others, what carries connections and is of a version that is known is migrated, and what carries
// none is made anew. All else is refused with a sentence that names the map, what differs, and the
// remedy.
Result<Adoption> adopt_maps(const Pins& pins, const pinion_settings& settings, bpf_object& object);

}  // namespace pinion
