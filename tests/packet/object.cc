// SPDX-License-Identifier: Apache-2.0
#include "tests/packet/object.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
#include <random>
#include <sstream>
#include <system_error>
#include <vector>

#include "balancer/bpf/abi/abi.h"
#include "balancer/dataplane/constants.h"

namespace pinion::packet {
namespace {

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::system_error(error, std::generic_category(), what);
}

void set_size(bpf_object* object, const char* map, uint32_t entries) {
  bpf_map__set_max_entries(bpf_object__find_map_by_name(object, map), entries);
}

Constants constants_of(const Features& features) {
  Constants constants;
  constants.seed(coefficients_of(features));
  constants.choose(features.code);
  constants[PINION_CONSTANT_NS_PER_JIFFY] = clock_of_objects().ns_per_jiffy();
  constants[PINION_CONSTANT_TICK_OFFSET] = clock_of_objects().offset();
  constants[PINION_CONSTANT_SERVERS] = kServers;
  constants[PINION_CONSTANT_GROUPS4] = kGroups;
  constants[PINION_CONSTANT_GROUPS6] = features.groups6;
  return constants;
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

std::array<__u64, 11> coefficients_of(const Features& features) {
  std::mt19937_64 random(features.seed);
  std::array<__u64, 11> coefficients;
  std::generate(coefficients.begin(), coefficients.end(), std::ref(random));
  return coefficients;
}

Object open_object(const std::string& file, const Features& features) {
  auto constants = constants_of(features).file();
  if (!constants) fail(constants.error().context, constants.error().code.value());
  const std::string path = path_of(*constants);
  LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = path.c_str());
  Object object{std::move(*constants), {}};
  object.opened.reset(bpf_object__open_file(file.c_str(), &options));
  if (!object.opened) fail("open " + file, errno);
  for (const char* map :
       {"services", "service_ranges", "service_prefixes", "entrances", "vlan_devices", "cursors"})
    set_size(object.get(), map, 64);
  set_size(object.get(), "slots", kSlots);
  for (const char* map : {"real_servers", "load"}) set_size(object.get(), map, kServers);
  set_size(object.get(), "counters", kServers * static_cast<uint32_t>(libbpf_num_possible_cpus()));
  set_size(object.get(), "verdicts", static_cast<uint32_t>(libbpf_num_possible_cpus()));
  set_size(object.get(), "connections4", kGroups * PINION_GROUP4);
  set_size(object.get(), "connections6", kGroups * PINION_GROUP6);
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
