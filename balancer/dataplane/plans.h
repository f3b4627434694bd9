// SPDX-License-Identifier: Apache-2.0
// Every pinned map: the family that its layout belongs to, and how large the configuration wants
// it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "balancer/bpf/abi/abi.h"
#include "config/config.h"

namespace pinion {

// What an upgrade does with a family of maps whose layout in place is another one: carries it over,
// because connections depend on it, or makes it anew.
enum class Fate { kCarried, kRemade };

struct Family {
  const char* name;
  uint32_t version;
  Fate fate;
};

// A map whose size the configuration decides has the key to blame. Index 0 names nothing, so there
// is one entry more than the limit. What is looked up by key has room for twice the limit: a change
// puts what comes before it takes away what goes.
struct Plan {
  const char* map;
  pinion_family family;
  const char* key;  // "": every data plane of its version has the same size.
  uint32_t (*entries)(const config::Director&);
};

// `settings` is last: it is pinned last, and so its pin says that all others are there.
std::span<const Plan> plans();
const Family& family_of(const Plan& plan);

// Says that all families are this build's.
void set_versions(pinion_settings& settings);

// Pages of the connection tables: two places for each connection of capacity, so that at capacity
// half of them are free, and about 1 insert in 5,000 finds both its buckets full.
uint32_t groups4(const config::Connections& connections);
uint32_t groups6(const config::Connections& connections);

// Entries of map `verdicts`.
uint32_t possible_cpus();
// Of a list as the kernel writes it ("0-1,4"); 0: it is none.
uint32_t cpus_up_to_last(std::string_view list);

// Entries of map `counters`.
uint32_t counters_of_all_cpus(const config::Limits& limits);

}  // namespace pinion
