// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/random.h>

#include <algorithm>
#include <cstdarg>
#include <cstring>
#include <vector>

#include "balancer/base/log.h"
#include "balancer/bpf/abi.h"
#include "balancer/bpf/pinion.skel.h"

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

// Every map whose size the configuration decides, with the key to blame. Index 0 names nothing, so
// there is one more than the limit. What is looked up by key has room for twice the limit: a change
// puts what comes before it takes away what goes. `settings` is last: it is pinned last, and so its
// pin says that all others are there.
struct Plan {
  const char* map;
  const char* key;
  uint32_t (*entries)(const config::Director&);
};

constexpr Plan kPlans[] = {
    {"services", "director.limits.services",
     [](const config::Director& d) { return 2 * d.limits.services; }},
    {"service_ranges", "director.limits.prefixes",
     [](const config::Director& d) { return 2 * d.limits.prefixes; }},
    {"service_prefixes", "director.limits.prefixes",
     [](const config::Director& d) { return 2 * d.limits.prefixes; }},
    {"cursors", "director.limits.services",
     [](const config::Director& d) { return d.limits.services + 1; }},
    {"slots", "director.limits.slots", [](const config::Director& d) { return d.limits.slots; }},
    {"real_servers", "director.limits.servers",
     [](const config::Director& d) { return d.limits.servers + 1; }},
    {"load", "director.limits.servers",
     [](const config::Director& d) { return d.limits.servers + 1; }},
    {"counters", "director.limits.servers",
     [](const config::Director& d) { return counters_of_all_cpus(d.limits); }},
    {"connections4", "director.connections.ipv4",
     [](const config::Director& d) {
       return at_least_one(groups4(d.connections)) * PINION_GROUP4;
     }},
    {"connections6", "director.connections.ipv6",
     [](const config::Director& d) {
       return at_least_one(groups6(d.connections)) * PINION_GROUP6;
     }},
    {"vips", "", [](const config::Director&) { return 1u; }},
    {"local_addresses", "", [](const config::Director&) { return 1u; }},
    {"verdicts", "", [](const config::Director&) { return possible_cpus(); }},
    {"egress", "", [](const config::Director&) { return 256u; }},
    {"entrances", "", [](const config::Director&) { return kEntrances; }},
    {"vlan_devices", "", [](const config::Director&) { return kVlanDevices; }},
    {"last_hops", "", [](const config::Director&) { return uint32_t{PINION_LAST_HOPS}; }},
    {"last_hop_numbers", "", [](const config::Director&) { return uint32_t{PINION_LAST_HOPS}; }},
    {"fragments", "", [](const config::Director&) { return uint32_t{PINION_FRAGMENTS}; }},
    {"settings", "", [](const config::Director&) { return 1u; }},
};

Error other_pins(const Pins& pins, const std::string& what) {
  return refusal(what + "; to go on, stop that daemon with on_stop: withdraw, or remove " +
                 pins.directory() + " (its connections are then lost)");
}

Result<> inspect(const Pins& pins, const std::string& map, int fd, bpf_map_info& info) {
  uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd, &info, &length) == 0) return {};
  return errno_error("inspect pinned map " + pins.path(map));
}

// Pinned maps are only adopted as they are.
Result<> check_size(const Pins& pins, const Plan& plan, int fd, uint32_t wanted) {
  bpf_map_info info{};
  if (auto inspected = inspect(pins, plan.map, fd, info); !inspected) return inspected;
  if (info.max_entries == wanted) return {};
  return other_pins(pins, std::string("the data plane in place was made with another ") + plan.key +
                              " (map " + plan.map + " has " + std::to_string(info.max_entries) +
                              " entries, wanted are " + std::to_string(wanted) + ")");
}

// Whatever the layout is, the settings begin with its number; they may be larger than ours.
Result<> check_layout(const Pins& pins, int settings_fd) {
  const uint32_t first = 0;
  bpf_map_info info{};
  if (auto inspected = inspect(pins, "settings", settings_fd, info); !inspected) return inspected;
  std::vector<char> settings(std::max<size_t>(info.value_size, sizeof(uint32_t)));
  if (bpf_map_lookup_elem(settings_fd, &first, settings.data()) != 0)
    return errno_error("read pinned map " + pins.path("settings"));
  uint32_t layout = 0;
  std::memcpy(&layout, settings.data(), sizeof(layout));
  if (layout == PINION_ABI) return {};
  return other_pins(pins, "the data plane in place has layout " + std::to_string(layout) +
                              ", this daemon " + std::to_string(PINION_ABI));
}

Result<> reuse(const Pins& pins, bpf_map* map, const Plan& plan, uint32_t wanted) {
  auto fd = pins.get(plan.map);
  if (!fd) return fd.error();
  if (!*fd) return other_pins(pins, "of the pinned maps " + std::string(plan.map) + " is missing");
  if (auto same = check_size(pins, plan, fd->get(), wanted); !same) return same.error();
  if (bpf_map__reuse_fd(map, fd->get()) == 0) return {};
  return errno_error("adopt pinned map " + pins.path(plan.map));
}

Result<> prepare_maps(const Pins& pins, pinion_bpf& object, const config::Director& director,
                      bool adopt) {
  for (const Plan& plan : kPlans) {
    bpf_map* map = bpf_object__find_map_by_name(object.obj, plan.map);
    const uint32_t entries = plan.entries(director);
    if (bpf_map__set_max_entries(map, entries) != 0)
      return errno_error(std::string("size map ") + plan.map);
    if (!adopt) continue;
    if (auto reused = reuse(pins, map, plan, entries); !reused) return reused.error();
  }
  return {};
}

Result<> pin_maps(const Pins& pins, pinion_bpf& object) {
  for (const Plan& plan : kPlans) {
    const bpf_map* map = bpf_object__find_map_by_name(object.obj, plan.map);
    if (auto pinned = pins.put(plan.map, bpf_map__fd(map)); !pinned) return pinned.error();
  }
  return {};
}

// Tables keep the clock that they were made with; `settings` is theirs, or none.
Result<Clock> clock_of(const Pins& pins, const Fd& settings) {
  if (!settings) return Clock::start();
  const uint32_t first = 0;
  pinion_settings found;
  if (bpf_map_lookup_elem(settings.get(), &first, &found) == 0)
    return Clock::resume(found.tick_offset);
  return errno_error("read pinned map " + pins.path("settings"));
}

// The constants are each program's own.
Result<> share_maps(const pinion_bpf& from, pinion_bpf& to) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, to.obj) {
    if (bpf_map__is_internal(map)) continue;
    const int fd = bpf_object__find_map_fd_by_name(from.obj, bpf_map__name(map));
    if (bpf_map__reuse_fd(map, fd) != 0)
      return errno_error(std::string("share map ") + bpf_map__name(map));
  }
  return {};
}

// Tables keep the secret of their hash, which is drawn when they are made.
Result<> choose_seed(const Pins& pins, const Fd& settings, Constants& constants) {
  const uint32_t first = 0;
  pinion_settings tables;
  if (settings && bpf_map_lookup_elem(settings.get(), &first, &tables) != 0)
    return errno_error("read pinned map " + pins.path("settings"));
  if (!settings && getrandom(tables.seed, sizeof(tables.seed), 0) != sizeof(tables.seed))
    return errno_error("draw the connection table's seed");
  constants.seed(tables.seed);
  return {};
}

Error load_error() {
  const Error error = errno_error("load the data plane's program and its maps");
  if (error.code == std::errc::not_enough_memory)
    return with_remedy(error, "director.connections and director.limits say how large they are");
  return with_remedy(error, "it needs Linux 6.1 or newer, with BTF");
}

// libbpf's own words go to our log: warnings only, the verifier's essay at debug.
int log_libbpf(libbpf_print_level level, const char* format, va_list arguments) {
  char text[1024];
  std::vsnprintf(text, sizeof(text), format, arguments);
  std::string line(text);
  while (!line.empty() && line.back() == '\n') line.pop_back();
  if (level == LIBBPF_WARN) log::debug("libbpf", {{"text", line}});
  return 0;
}

}  // namespace

uint32_t possible_cpus() { return static_cast<uint32_t>(libbpf_num_possible_cpus()); }

uint32_t groups4(const config::Connections& connections) {
  return groups(connections.ipv4, PINION_WAYS * PINION_GROUP4);
}

uint32_t groups6(const config::Connections& connections) {
  return groups(connections.ipv6, PINION_WAYS * PINION_GROUP6);
}

uint32_t counters_of_all_cpus(const config::Limits& limits) {
  return (limits.servers + 1) * possible_cpus();
}

void Program::Close::operator()(pinion_bpf* object) const { pinion_bpf__destroy(object); }

Result<Program> Program::load(const Pins& pins, const config::Director& director,
                              const Features& features) {
  libbpf_set_print(log_libbpf);
  Program program;
  auto settings = pins.get("settings");
  if (!settings) return settings.error();
  program.adopted_ = static_cast<bool>(*settings);
  if (program.adopted_) {
    if (auto same = check_layout(pins, settings->get()); !same) return same.error();
  } else {
    pins.remove_all("");  // What a daemon left that died before it had pinned everything.
  }
  auto clock = clock_of(pins, *settings);
  if (!clock) return clock.error();
  program.clock_ = std::move(*clock);
  Constants& constants = program.constants_;
  if (auto chosen = choose_seed(pins, *settings, constants); !chosen) return chosen.error();
  constants[PINION_CONSTANT_NS_PER_JIFFY] = program.clock_.ns_per_jiffy();
  constants[PINION_CONSTANT_TICK_OFFSET] = program.clock_.offset();
  constants[PINION_CONSTANT_GROUPS4] = groups4(director.connections);
  constants[PINION_CONSTANT_GROUPS6] = groups6(director.connections);
  constants[PINION_CONSTANT_SERVERS] = director.limits.servers + 1;
  auto loaded = program.make(
      [&](pinion_bpf& object) { return prepare_maps(pins, object, director, program.adopted_); },
      features);
  if (!loaded) return loaded.error();
  return program;
}

Result<> Program::make(const std::function<Result<>(pinion_bpf&)>& prepare,
                       const Features& features) {
  constants_.choose(features);
  const auto file = constants_.file();
  if (!file) return file.error();
  const std::string path = path_of(*file);
  LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = path.c_str());
  std::unique_ptr<pinion_bpf, Close> object(pinion_bpf__open_opts(&options));
  if (!object) return errno_error("open the data plane's program");
  if (auto ready = prepare(*object); !ready) return ready;
  if (pinion_bpf__load(object.get()) != 0) return load_error();
  object_ = std::move(object);
  features_ = features;
  return {};
}

Result<> Program::extend(const Features& features) {
  if (features_.has(features)) return {};
  return make([this](pinion_bpf& next) { return share_maps(*object_, next); },
              features_ | features);
}

Result<> Program::pin(const Pins& pins) const {
  if (adopted_) return {};
  return pin_maps(pins, *object_);
}

// Without `settings` the rest is nobody's: whoever is killed in between leaves what the next start
// clears.
void Program::unpin(const Pins& pins) {
  pins.remove("settings");
  pins.remove_all("");
}

int Program::up_fd() const { return bpf_program__fd(object_->progs.pinion_up); }

int Program::fd() const { return bpf_program__fd(object_->progs.pinion_ingress); }

Result<Fd> Program::map(const std::string& name) const {
  const int fd = bpf_object__find_map_fd_by_name(object_->obj, name.c_str());
  Fd copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy) return errno_error("open map " + name);
  return copy;
}

}  // namespace pinion
