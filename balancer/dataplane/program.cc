// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/random.h>

#include <cstdarg>
#include <cstdio>
#include <optional>
#include <set>
#include <span>

#include "balancer/base/log.h"
#include "balancer/bpf/abi/abi.h"
#include "balancer/bpf/pinion.skel.h"
#include "balancer/dataplane/adoption.h"
#include "balancer/dataplane/migrations.h"
#include "balancer/dataplane/plans.h"
#include "balancer/dataplane/staging.h"

namespace pinion {
namespace {

Result<> size_maps(pinion_bpf& object, const config::Director& director) {
  for (const Plan& plan : plans()) {
    bpf_map* map = bpf_object__find_map_by_name(object.obj, plan.map);
    if (bpf_map__set_max_entries(map, plan.entries(director)) != 0)
      return errno_error(std::string("size map ") + plan.map);
  }
  return {};
}

Result<> prepare_maps(const Pins& pins, pinion_bpf& object, const config::Director& director,
                      const std::optional<pinion_settings>& tables, Adoption& adoption) {
  if (auto sized = size_maps(object, director); !sized || !tables) return sized;
  auto adopted = adopt_maps(pins, *tables, *object.obj);
  if (!adopted) return adopted.error();
  adoption = std::move(*adopted);
  return {};
}

Result<> fill(const pinion_bpf& object, const Adoption& adoption, uint32_t tick_offset) {
  for (const Plan* plan : adoption.made_anew) {
    const bpf_map* map = bpf_object__find_map_by_name(object.obj, plan->map);
    const auto former = adoption.former.find(plan->map);
    const int before = former == adoption.former.end() ? -1 : former->second.get();
    const NewMap made{bpf_map__fd(map), bpf_map__max_entries(map), before, tick_offset};
    if (auto begun = begin_anew(plan->map, made); !begun) return begun;
  }
  return {};
}

// Each family by its first map.
void tell(const Adoption& adoption) {
  std::set<pinion_family> families;
  std::string migrated, made_anew;
  for (const Plan* plan : adoption.made_anew) {
    if (!families.insert(plan->family).second) continue;
    std::string& list = family_of(*plan).fate == Fate::kCarried ? migrated : made_anew;
    list += (list.empty() ? "" : ", ") + std::string(plan->map);
  }
  if (families.empty()) return;
  const bool counts = !families.contains(PINION_FAMILY_COUNTERS);
  log::info("upgrading the data plane in place", {{"migrated", migrated},
                                                  {"made_anew", made_anew},
                                                  {"statistics", counts ? "kept" : "begin at 0"}});
}

Result<> pin_all(const Pins& pins, std::span<const NamedMap> made) {
  for (const auto& [name, fd] : made)
    if (auto pinned = pins.put(name, fd); !pinned) return pinned;
  return {};
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

// Tables keep the clock that they were made with. Before there was a choice, it was that which a
// new one begins with.
Result<Clock> clock_of(const std::optional<pinion_settings>& tables) {
  const bool has_offset = tables && tables->abi == PINION_ABI;
  return has_offset ? Clock::resume(tables->tick_offset) : Clock::start();
}

// Tables keep the secret of their hash, which is drawn when they are made.
Result<> choose_seed(const std::optional<pinion_settings>& tables, Constants& constants) {
  pinion_settings drawn;
  if (!tables && getrandom(drawn.seed, sizeof(drawn.seed), 0) != sizeof(drawn.seed))
    return errno_error("draw the connection table's seed");
  constants.seed(tables ? tables->seed : drawn.seed);
  return {};
}

Error load_error() {
  const Error error = errno_error("load the data plane's program and its maps");
  if (error.code == std::errc::not_enough_memory)
    return with_remedy(error, "director.connections and director.limits say how large they are");
  if (error.code == std::errc::no_such_file_or_directory)
    return with_remedy(error, "/proc must be mounted: libbpf reads the program's constants there");
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

void Program::Close::operator()(pinion_bpf* object) const { pinion_bpf__destroy(object); }

Result<Program> Program::load(const Pins& pins, const config::Director& director,
                              const Features& features) {
  libbpf_set_print(log_libbpf);
  Program program;
  if (auto resumed = resume_replacing(pins); !resumed) return resumed.error();
  auto tables = settings_in_place(pins);
  if (!tables) return tables.error();
  program.adopted_ = tables->has_value();
  if (!program.adopted_) pins.remove_all("");  // Of a daemon that died before it had pinned all.
  auto clock = clock_of(*tables);
  if (!clock) return clock.error();
  program.clock_ = std::move(*clock);
  Constants& constants = program.constants_;
  if (auto chosen = choose_seed(*tables, constants); !chosen) return chosen.error();
  constants[PINION_CONSTANT_NS_PER_JIFFY] = program.clock_.ns_per_jiffy();
  constants[PINION_CONSTANT_TICK_OFFSET] = program.clock_.offset();
  constants[PINION_CONSTANT_GROUPS4] = groups4(director.connections);
  constants[PINION_CONSTANT_GROUPS6] = groups6(director.connections);
  constants[PINION_CONSTANT_SERVERS] = director.limits.servers + 1;
  Adoption adoption;
  auto loaded = program.make(
      [&](pinion_bpf& object) { return prepare_maps(pins, object, director, *tables, adoption); },
      features);
  if (!loaded) return loaded.error();
  if (auto filled = fill(*program.object_, adoption, program.clock_.offset()); !filled)
    return filled.error();
  tell(adoption);
  program.take(std::move(adoption));
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

void Program::take(Adoption adoption) {
  if (!adopted_)
    for (const Plan& plan : plans()) made_.push_back(plan.map);
  for (const Plan* plan : adoption.made_anew) made_.push_back(plan->map);
  former_ = std::move(adoption.former);
}

Result<> Program::pin(const Pins& pins) {
  if (made_.empty()) return {};
  std::vector<NamedMap> made;
  for (const std::string& name : made_)
    made.emplace_back(name, bpf_object__find_map_fd_by_name(object_->obj, name.c_str()));
  if (auto pinned = adopted_ ? replace_pins(pins, made) : pin_all(pins, made); !pinned)
    return pinned;
  made_.clear();
  std::erase_if(former_, [](const auto& map) { return map.first != "load"; });
  return {};
}

const Fd& Program::former(const std::string& name) const {
  static const Fd none;
  const auto found = former_.find(name);
  return found == former_.end() ? none : found->second;
}

void Program::forget_former(const Pins& pins) {
  pins.remove(kFormerLoad);
  former_.clear();
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
