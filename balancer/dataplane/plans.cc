// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/plans.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string>

namespace pinion {
namespace {

constexpr uint64_t kPlaces = 2;  // For each connection of capacity.

// Every VLAN there can be of a device, on a bond's ports, too; and of two devices.
constexpr uint32_t kEntrances = 16384;
constexpr uint32_t kVlanDevices = 8192;

uint32_t groups(uint64_t connections, uint64_t entries_in_group) {
  return static_cast<uint32_t>((connections * kPlaces + entries_in_group - 1) / entries_in_group);
}

uint32_t at_least_one(uint32_t groups_wanted) { return groups_wanted ? groups_wanted : 1; }

constexpr Plan kPlans[] = {
    {"services", PINION_FAMILY_SERVICES, "director.limits.services",
     [](const config::Director& d) { return 2 * d.limits.services; }},
    {"service_ranges", PINION_FAMILY_SERVICES, "director.limits.prefixes",
     [](const config::Director& d) { return 2 * d.limits.prefixes; }},
    {"service_prefixes", PINION_FAMILY_SERVICES, "director.limits.prefixes",
     [](const config::Director& d) { return 2 * d.limits.prefixes; }},
    {"cursors", PINION_FAMILY_CURSORS, "director.limits.services",
     [](const config::Director& d) { return d.limits.services + 1; }},
    {"slots", PINION_FAMILY_SERVICES, "director.limits.slots",
     [](const config::Director& d) { return d.limits.slots; }},
    {"real_servers", PINION_FAMILY_REAL_SERVERS, "director.limits.servers",
     [](const config::Director& d) { return d.limits.servers + 1; }},
    {"load", PINION_FAMILY_LOAD, "director.limits.servers",
     [](const config::Director& d) { return d.limits.servers + 1; }},
    {"counters", PINION_FAMILY_COUNTERS, "director.limits.servers",
     [](const config::Director& d) { return counters_of_all_cpus(d.limits); }},
    {"connections4", PINION_FAMILY_CONNECTIONS, "director.connections.ipv4",
     [](const config::Director& d) {
       return at_least_one(groups4(d.connections)) * PINION_GROUP4;
     }},
    {"connections6", PINION_FAMILY_CONNECTIONS, "director.connections.ipv6",
     [](const config::Director& d) {
       return at_least_one(groups6(d.connections)) * PINION_GROUP6;
     }},
    {"vips", PINION_FAMILY_VIPS, "", [](const config::Director&) { return 1u; }},
    {"local_addresses", PINION_FAMILY_LOCAL_ADDRESSES, "",
     [](const config::Director&) { return 1u; }},
    {"verdicts", PINION_FAMILY_COUNTERS, "",
     [](const config::Director&) { return possible_cpus(); }},
    {"egress", PINION_FAMILY_EGRESS, "", [](const config::Director&) { return 256u; }},
    {"entrances", PINION_FAMILY_VLANS, "", [](const config::Director&) { return kEntrances; }},
    {"vlan_devices", PINION_FAMILY_VLANS, "", [](const config::Director&) { return kVlanDevices; }},
    {"last_hops", PINION_FAMILY_LAST_HOPS, "",
     [](const config::Director&) { return uint32_t{PINION_LAST_HOPS}; }},
    {"last_hop_numbers", PINION_FAMILY_LAST_HOPS, "",
     [](const config::Director&) { return uint32_t{PINION_LAST_HOPS}; }},
    {"fragments", PINION_FAMILY_FRAGMENTS, "",
     [](const config::Director&) { return uint32_t{PINION_FRAGMENTS}; }},
    {"settings", PINION_FAMILY_SETTINGS, "", [](const config::Director&) { return 1u; }},
};

constexpr Family kFamilies[] = {
#define X(name, version, fate) {#name, version, Fate::k##fate},
    PINION_FAMILIES(X)
#undef X
};

}  // namespace

std::span<const Plan> plans() { return kPlans; }

const Family& family_of(const Plan& plan) { return kFamilies[plan.family]; }

void set_versions(pinion_settings& settings) {
  settings.abi = PINION_ABI;
  std::transform(std::begin(kFamilies), std::end(kFamilies), settings.version,
                 [](const Family& family) { return family.version; });
}

// One more than the highest number, by which the program counts: there may be gaps ("0-1,4").
uint32_t possible_cpus() {
  std::ifstream file("/sys/devices/system/cpu/possible");
  std::string list;
  std::getline(file, list);
  return std::max(cpus_up_to_last(list), static_cast<uint32_t>(libbpf_num_possible_cpus()));
}

uint32_t cpus_up_to_last(std::string_view list) {
  const std::string_view last = list.substr(list.find_last_of("-,") + 1);
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), number);
  return error == std::errc() ? number + 1 : 0;
}

uint32_t groups4(const config::Connections& connections) {
  return groups(connections.ipv4, PINION_WAYS * PINION_GROUP4);
}

uint32_t groups6(const config::Connections& connections) {
  return groups(connections.ipv6, PINION_WAYS * PINION_GROUP6);
}

uint32_t counters_of_all_cpus(const config::Limits& limits) {
  return (limits.servers + 1) * possible_cpus();
}

}  // namespace pinion
