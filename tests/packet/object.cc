// SPDX-License-Identifier: Apache-2.0
#include "tests/packet/object.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <sstream>
#include <system_error>
#include <vector>

#include "balancer/bpf/abi.h"

namespace pinion::packet {
namespace {

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::system_error(error, std::generic_category(), what);
}

// Where a variable stands in .rodata, as the skeleton would tell it, for any compiler's object.
size_t rodata_offset(const bpf_object* object, const std::string& name) {
  const btf* types = bpf_object__btf(object);
  const int id = btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC);
  if (id < 0) fail(".rodata", -id);
  const btf_type* section = btf__type_by_id(types, static_cast<uint32_t>(id));
  const btf_var_secinfo* variable = btf_var_secinfos(section);
  for (uint32_t i = 0; i < btf_vlen(section); ++i, ++variable) {
    const btf_type* type = btf__type_by_id(types, variable->type);
    if (name == btf__name_by_offset(types, type->name_off)) return variable->offset;
  }
  fail(name, ENOENT);
}

void set_rodata(bpf_object* object, const char* name, uint32_t value) {
  bpf_map* rodata = nullptr;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (std::strstr(bpf_map__name(map), ".rodata")) rodata = map;
  }
  size_t size = 0;
  const void* initial = rodata ? bpf_map__initial_value(rodata, &size) : nullptr;
  if (!initial) fail(".rodata", ENOENT);
  std::vector<char> copy(static_cast<const char*>(initial),
                         static_cast<const char*>(initial) + size);
  std::memcpy(copy.data() + rodata_offset(object, name), &value, sizeof(value));
  if (const int error = bpf_map__set_initial_value(rodata, copy.data(), size)) fail(name, -error);
}

void set_size(bpf_object* object, const char* map, uint32_t entries) {
  bpf_map__set_max_entries(bpf_object__find_map_by_name(object, map), entries);
}

void choose(bpf_object* object, const Features& features) {
  set_rodata(object, "pinion_ns_per_jiffy", clock_of_objects().ns_per_jiffy());
  set_rodata(object, "pinion_tick_offset", clock_of_objects().offset());
  set_rodata(object, "pinion_servers", kServers);
  set_rodata(object, "pinion_groups4", kGroups);
  set_rodata(object, "pinion_groups6", features.groups6);
  set_rodata(object, "pinion_methods", features.methods);
  set_rodata(object, "pinion_listeners", features.listeners);
  set_rodata(object, "pinion_vlans", features.vlans);
  set_rodata(object, "pinion_routed", features.routed);
  set_rodata(object, "pinion_crosses", features.crosses);
  set_rodata(object, "pinion_tcp", features.tcp);
}

// A program and the functions that it calls stand in one row of instructions, as the verifier sees
// them: `begins` has where each function does, `depths` the bytes of its stack.
struct Functions {
  const bpf_insn* instructions;
  std::vector<size_t> begins;
  std::vector<uint32_t> depths;

  size_t at(size_t instruction) const {
    return static_cast<size_t>(std::upper_bound(begins.begin(), begins.end(), instruction) -
                               begins.begin()) -
           1;
  }
  size_t end(size_t function) const { return begins[function + 1]; }
};

bool is_call(const bpf_insn& instruction) {
  return instruction.code == (BPF_JMP | BPF_CALL) && instruction.src_reg == BPF_PSEUDO_CALL;
}

size_t target(const bpf_insn* instructions, size_t call) {
  return call + 1 + static_cast<size_t>(static_cast<int64_t>(instructions[call].imm));
}

// The verifier's last words: "stack depth 248+88+0+...", a number for each function.
std::vector<uint32_t> stack_depths(const std::string& log) {
  std::vector<uint32_t> depths;
  const size_t at = log.rfind("stack depth ");
  if (at == std::string::npos) fail("the verifier's log", EPROTO);
  std::istringstream numbers(log.substr(at + std::strlen("stack depth ")));
  for (uint32_t depth; numbers >> depth; numbers.get()) depths.push_back(depth);
  return depths;
}

std::optional<Functions> functions_of(const bpf_program* program, const std::string& log) {
  Functions functions{bpf_program__insns(program), {0}, stack_depths(log)};
  const size_t count = bpf_program__insn_cnt(program);
  for (size_t i = 0; i < count; ++i)
    if (is_call(functions.instructions[i]))
      functions.begins.push_back(target(functions.instructions, i));
  std::sort(functions.begins.begin(), functions.begins.end());
  functions.begins.erase(std::unique(functions.begins.begin(), functions.begins.end()),
                         functions.begins.end());
  if (functions.begins.size() != functions.depths.size()) return {};
  functions.begins.push_back(count);
  return functions;
}

// As Linux 6.1 counts: each frame is a multiple of 32 bytes, and 32 at least.
uint32_t deepest(const Functions& functions, size_t function) {
  uint32_t below = 0;
  for (size_t i = functions.begins[function]; i < functions.end(function); ++i)
    if (is_call(functions.instructions[i]))
      below = std::max(below, deepest(functions, functions.at(target(functions.instructions, i))));
  return below + (std::max(functions.depths[function], 1u) + 31) / 32 * 32;
}

}  // namespace

const Clock& clock_of_objects() {
  static const Result<Clock> clock = Clock::start();
  if (!clock) fail(clock.error().context, clock.error().code.value());
  return *clock;
}

Object open_object(const std::string& file, const Features& features) {
  Object object(bpf_object__open_file(file.c_str(), nullptr));
  if (!object) fail("open " + file, errno);
  for (const char* map :
       {"services", "service_ranges", "service_prefixes", "entrances", "vlan_devices", "cursors"})
    set_size(object.get(), map, 64);
  set_size(object.get(), "slots", kSlots);
  for (const char* map : {"real_servers", "load"}) set_size(object.get(), map, kServers);
  set_size(object.get(), "counters", kServers * static_cast<uint32_t>(libbpf_num_possible_cpus()));
  set_size(object.get(), "verdicts", static_cast<uint32_t>(libbpf_num_possible_cpus()));
  set_size(object.get(), "connections4", kGroups * PINION_GROUP4);
  set_size(object.get(), "connections6", kGroups * PINION_GROUP6);
  choose(object.get(), features);
  return object;
}

void load_object(bpf_object* object, const std::string& file) {
  if (const int error = bpf_object__load(object)) fail("load " + file, -error);
}

Verified verify(const std::string& file, const Features& features) {
  constexpr uint32_t kStatistics = 4;  // Of the verifier's log levels.
  const Object object = open_object(file, features);
  bpf_program* program = bpf_object__find_program_by_name(object.get(), "pinion_ingress");
  std::vector<char> log(1 << 16);
  bpf_program__set_log_level(program, kStatistics);
  bpf_program__set_log_buf(program, log.data(), log.size());
  const auto begun = std::chrono::steady_clock::now();
  load_object(object.get(), file);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  bpf_prog_info info{};
  uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size)) fail("inspect", errno);
  std::optional<uint32_t> stack;
  if (const auto functions = functions_of(program, log.data())) stack = deepest(*functions, 0);
  return {info.verified_insns, stack, info.jited_prog_len, took.count()};
}

}  // namespace pinion::packet
