// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/constants.h"

#include <bpf/btf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "balancer/bpf/abi/abi.h"

namespace pinion {
namespace {

constexpr const char* kNames[] = {
#define X(name, keyword, text) "PINION_CONSTANT_" #name,
    PINION_FORWARDING_METHODS(X)
#undef X
#define X(name) "PINION_CONSTANT_" #name,
        PINION_CONSTANTS(X)
#undef X
};
static_assert(std::size(kNames) == PINION_CONSTANT_COUNT);

struct FreeBtf {
  void operator()(btf* types) const { btf__free(types); }
};

Error btf_error(int code) {
  errno = -code;
  return errno_error("describe the data plane's constants");
}

// Never to be executed: newer kernels may insist on being told, older ones do not know the flag.
Fd memory_file() {
#ifndef MFD_NOEXEC_SEAL
  constexpr unsigned MFD_NOEXEC_SEAL = 8;
#endif
  constexpr char kName[] = "pinion_constants";
  const int fd = memfd_create(kName, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
  return Fd(fd < 0 && errno == EINVAL ? memfd_create(kName, MFD_CLOEXEC) : fd);
}

Result<> write_all(const Fd& file, const void* data, size_t size) {
  if (write(file.get(), data, size) == static_cast<ssize_t>(size)) return {};
  return errno_error("write the data plane's constants");
}

}  // namespace

void Constants::choose(const Features& features) {
  for (uint32_t method = 0; method < PINION_METHOD_COUNT; ++method)
    values_[method] = features.methods >> method & 1;
  const bool full_nat = features.methods & 1u << PINION_METHOD_FULLNAT;
  const bool two_sided = features.methods & PINION_TWO_SIDED;
  values_[PINION_CONSTANT_TWO_SIDED] = two_sided;
  values_[PINION_CONSTANT_RANGES] = (features.listeners & PINION_LISTEN_RANGES) != 0;
  values_[PINION_CONSTANT_PREFIXES] = (features.listeners & PINION_LISTEN_PREFIXES) != 0;
  values_[PINION_CONSTANT_LISTENERS] = features.listeners != 0;
  values_[PINION_CONSTANT_VLANS] = features.vlans;
  values_[PINION_CONSTANT_ROUTED] = features.routed;
  values_[PINION_CONSTANT_CROSSES] = features.crosses;
  values_[PINION_CONSTANT_TELLS] = full_nat && features.tcp & (PINION_TCP_TOA | PINION_TCP_PROXY);
  values_[PINION_CONSTANT_CLAMPS] = two_sided && features.tcp & PINION_TCP_MSS;
}

void Constants::seed(std::span<const __u64, 11> coefficients) {
  std::copy(coefficients.begin(), coefficients.end(), &values_[PINION_CONSTANT_SEED_0]);
}

void Constants::read_seed(std::span<__u64, 11> coefficients) const {
  std::copy_n(&values_[PINION_CONSTANT_SEED_0], coefficients.size(), coefficients.begin());
}

Result<Fd> Constants::file() const {
  const std::unique_ptr<btf, FreeBtf> types(btf__new_empty());
  if (!types) return errno_error("describe the data plane's constants");
  if (const int id = btf__add_enum64(types.get(), "pinion_constant", 8, false); id < 0)
    return btf_error(id);
  for (size_t i = 0; i < values_.size(); ++i)
    if (const int error = btf__add_enum64_value(types.get(), kNames[i], values_[i]); error < 0)
      return btf_error(error);
  uint32_t size = 0;
  const void* data = btf__raw_data(types.get(), &size);
  Fd file = memory_file();
  if (!data || !file) return errno_error("keep the data plane's constants");
  if (auto written = write_all(file, data, size); !written) return written.error();
  return file;
}

std::string path_of(const Fd& file) { return "/proc/self/fd/" + std::to_string(file.get()); }

}  // namespace pinion
