// SPDX-License-Identifier: Apache-2.0
#include "balancer/model/schedulers.h"

#include <algorithm>

namespace pinion {
namespace {

// The keywords are IPVS's. A new scheduler is a file in schedulers/ and a row here.
constexpr Scheduler kSchedulers[] = {
    {"rr", PINION_SELECT_TURN, build_rr, "each real server in turn, whatever its weight"},
    {"wrr", PINION_SELECT_TURN, build_wrr,
     "in turn, each as often as its weight says, smoothly interleaved"},
    {"mh", PINION_SELECT_HASH, build_mh,
     "by a hash of the flow (Maglev, weighted): alike on every director, and few flows move when "
     "the pool changes"},
};

}  // namespace

std::span<const Scheduler> schedulers() { return kSchedulers; }

const Scheduler* find_scheduler(std::string_view keyword) {
  const auto found = std::find_if(std::begin(kSchedulers), std::end(kSchedulers),
                                  [&](const Scheduler& row) { return row.keyword == keyword; });
  return found == std::end(kSchedulers) ? nullptr : found;
}

}  // namespace pinion
