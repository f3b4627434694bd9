// SPDX-License-Identifier: Apache-2.0
#include "balancer/director/preflight.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace pinion {
namespace {

struct Capability {
  const char* name;
  unsigned number;
};

constexpr Capability kNeeded[] = {
    {"CAP_NET_ADMIN", CAP_NET_ADMIN},
    {"CAP_BPF", CAP_BPF},
    {"CAP_PERFMON", CAP_PERFMON},
    {"CAP_NET_RAW", CAP_NET_RAW},
};

Result<uint64_t> effective_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return errno_error("read the capabilities");
  return data[0].effective | uint64_t{data[1].effective} << 32;
}

}  // namespace

Result<> check_capabilities(uint64_t effective) {
  std::string missing;
  for (const Capability& needed : kNeeded) {
    if (effective >> needed.number & 1) continue;
    missing += (missing.empty() ? "" : ", ") + std::string(needed.name);
  }
  if (missing.empty()) return {};
  return refusal("piniond lacks " + missing +
                 "; start it as root or by its systemd unit, which grants what is needed");
}

// A release that does not begin with two numbers is a custom kernel; whoever built it knows.
Result<> check_kernel(const std::string& release) {
  unsigned major = 0;
  unsigned minor = 0;
  if (std::sscanf(release.c_str(), "%u.%u", &major, &minor) != 2) return {};
  if (major > 6 || (major == 6 && minor >= 1)) return {};
  return refusal("piniond needs Linux 6.1 or newer, this is " + release);
}

Result<> preflight() {
  utsname name{};
  if (uname(&name) != 0) return errno_error("read the kernel's version");
  if (auto kernel = check_kernel(name.release); !kernel) return kernel;
  auto effective = effective_capabilities();
  return effective ? check_capabilities(*effective) : effective.error();
}

}  // namespace pinion
