// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/driver.h"

#include <bpf/bpf.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <stdexcept>
#include <string>

#include "balancer/base/error.h"
#include "tests/bench/driver.skel.h"
#include "tests/bench/mapped.h"

namespace pinion::bench {
namespace {

// The time that this thread ran: that of others, who share the machine, does not count.
double thread_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

}  // namespace

void Driver::Destroy::operator()(driver_bpf* skeleton) const { driver_bpf::destroy(skeleton); }

Driver::Driver() : skeleton_(driver_bpf::open_and_load()) {
  if (!skeleton_) or_throw(Result<>(errno_error("load the driver (needs root)")));
  pass_ = add(bpf_program__fd(skeleton_->progs.bench_pass));
}

Driver::~Driver() = default;

uint32_t Driver::add(int program_fd) {
  const uint32_t place = used_++;
  if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.programs), &place, &program_fd, BPF_ANY) != 0)
    or_throw(Result<>(errno_error("make the program callable by the driver")));
  return place;
}

void Driver::set_local_ends(std::span<const bench_end> ends) {
  Mapped<bench_end> map(skeleton_->maps.local_ends);
  if (ends.size() > map.size()) throw std::runtime_error("too many flows by full NAT");
  std::copy(ends.begin(), ends.end(), &map[0]);
}

Driver::Run Driver::run(const bench_plan& plan, uint32_t packets) {
  skeleton_->bss->plan = plan;
  skeleton_->bss->proof = {};
  skeleton_->bss->turn = 0;
  std::array<uint8_t, 128> in{};
  std::array<uint8_t, 256> out{};
  LIBBPF_OPTS(bpf_test_run_opts, options);
  options.data_in = in.data();
  options.data_size_in = plan.frame.length;
  options.data_out = out.data();
  options.data_size_out = out.size();
  options.repeat = static_cast<int>(packets);

  const double start = thread_ns();
  if (bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.bench_driver), &options) != 0)
    or_throw(Result<>(errno_error("run the driver")));
  const double ns = (thread_ns() - start) / packets;
  return {ns, skeleton_->bss->proof, {out.begin(), out.begin() + options.data_size_out}};
}

void pin_to_cpu(unsigned cpu) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(cpu, &only);
  if (::sched_setaffinity(0, sizeof(only), &only) != 0)
    or_throw(Result<>(errno_error("stay on CPU " + std::to_string(cpu))));
}

}  // namespace pinion::bench
