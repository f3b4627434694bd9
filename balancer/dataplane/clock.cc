// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/clock.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>

#include <string>
#include <utility>

#include "balancer/bpf/abi/abi.h"
#include "balancer/bpf/clock.skel.h"
#include "balancer/dataplane/constants.h"

namespace pinion {
namespace {

// HZ from 10 to 10,000; Linux has 100 to 1,000.
constexpr long kLeastNsPerJiffy = 100'000, kMostNsPerJiffy = 100'000'000;

// The kernel's TICK_NSEC, by which it counts jiffies. It is what the kernel gives as the resolution
// of its coarse clocks: a constant that was compiled in, where CONFIG_HZ is in a file that is often
// not there (containers have no /boot, and many kernels no /proc/config.gz).
Result<uint32_t> read_ns_per_jiffy() {
  timespec jiffy{};
  if (clock_getres(CLOCK_MONOTONIC_COARSE, &jiffy) != 0)
    return errno_error("ask how long a jiffy is");
  if (jiffy.tv_sec == 0 && jiffy.tv_nsec >= kLeastNsPerJiffy && jiffy.tv_nsec <= kMostNsPerJiffy)
    return static_cast<uint32_t>(jiffy.tv_nsec);
  return refusal("the kernel says that CLOCK_MONOTONIC_COARSE has a resolution of " +
                 std::to_string(jiffy.tv_sec) + " s and " + std::to_string(jiffy.tv_nsec) +
                 " ns, which cannot be the length of a jiffy");
}

struct Close {
  void operator()(clock_bpf* object) const { clock_bpf__destroy(object); }
};

Result<Fd> load(uint32_t ns_per_jiffy) {
  Constants constants;
  constants[PINION_CONSTANT_NS_PER_JIFFY] = ns_per_jiffy;
  const auto file = constants.file();
  if (!file) return file.error();
  const std::string path = path_of(*file);
  LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = path.c_str());
  const std::unique_ptr<clock_bpf, Close> object(clock_bpf__open_opts(&options));
  if (!object) return errno_error("open the clock's program");
  if (clock_bpf__load(object.get()) != 0)
    return with_remedy(errno_error("load the clock's program"),
                       "it needs Linux 6.1 or newer, with BTF");
  Fd program(fcntl(bpf_program__fd(object->progs.pinion_read_clock), F_DUPFD_CLOEXEC, 0));
  if (!program) return errno_error("open the clock's program");
  return program;
}

Result<uint32_t> run(int program) {
  LIBBPF_OPTS(bpf_test_run_opts, options);
  if (bpf_prog_test_run_opts(program, &options) != 0) return errno_error("read the clock");
  return options.retval;
}

}  // namespace

Clock::Clock(Fd program, uint32_t ns_per_jiffy, uint32_t offset)
    : source_(new Source{std::move(program), ns_per_jiffy, offset, {}}) {}

Result<Clock> Clock::resume(uint32_t offset) {
  const auto ns_per_jiffy = read_ns_per_jiffy();
  if (!ns_per_jiffy) return ns_per_jiffy.error();
  auto program = load(*ns_per_jiffy);
  if (!program) return program.error();
  const auto ticks = run(program->get());
  if (!ticks) return ticks.error();
  Clock clock(std::move(*program), *ns_per_jiffy, offset);
  clock.source_->ticks = *ticks;
  return clock;
}

Result<Clock> Clock::start() {
  auto clock = resume(0);
  if (!clock) return clock;
  uint64_t monotonic = 0;
  uint32_t jiffies = 0;
  do {  // Both as they are within one jiffy, though the process may have to wait in between.
    monotonic = now_ns();
    jiffies = clock->now();
  } while (now_ns() != monotonic);
  clock->source_->offset = static_cast<uint32_t>(monotonic >> PINION_TICK_SHIFT) - jiffies;
  return clock;
}

uint32_t Clock::now() const {
  if (const auto ticks = run(source_->program.get())) source_->ticks = *ticks;
  return source_->ticks + source_->offset;
}

}  // namespace pinion
