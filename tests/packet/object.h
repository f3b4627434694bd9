// SPDX-License-Identifier: Apache-2.0
// The data plane's object, loaded with the features that a test asks for, and what the verifier
// says of it.
#pragma once

#include <bpf/libbpf.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "balancer/base/fd.h"
#include "balancer/dataplane/clock.h"
#include "balancer/model/features.h"

namespace pinion::packet {

inline constexpr uint32_t kGroups = 16;
inline constexpr uint32_t kServers = 64;
inline constexpr uint32_t kSlots = 4096;

// By this host's Clang, and by the newest of Debian 12, which not every machine has.
inline constexpr char kObject[] = PINION_BINARY_DIR "/balancer/bpf/pinion.bpf.o";
inline constexpr char kClang19Object[] = PINION_BINARY_DIR "/balancer/bpf/pinion-clang-19.bpf.o";

// All but that of VLANs.
inline constexpr pinion::Features kUsualCode = {
    .methods = ~0u, .listeners = ~0u, .vlans = false, .routed = true, .crosses = true, .tcp = ~0u};

// What of the program's constants tests choose.
struct Features {
  pinion::Features code = kUsualCode;
  uint32_t groups6 = kGroups;
  uint64_t seed = 1;  // Of the hash's coefficients.
};

struct CloseObject {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};

// With the file of its constants, which loading it reads.
struct Object {
  Fd constants;
  std::unique_ptr<bpf_object, CloseObject> opened;

  bpf_object* get() const { return opened.get(); }
};

// That of all objects. Throws std::system_error, as all here do: EPERM where CAP_BPF is missing.
const Clock& clock_of_objects();

// pinion_settings.seed, as the program has it.
std::array<__u64, 11> coefficients_of(const Features& features);

// Opened, its maps sized for tests.
Object open_object(const std::string& file, const Features& features);

// EPERM where CAP_BPF is missing.
void load_object(bpf_object* object, const std::string& file);

// What pinion_ingress costs the verifier, and the kernel.
struct Verified {
  uint32_t instructions;  // That the verifier has walked through, of a million.
  // Bytes of the deepest chain of calls, by Linux 6.1's rule, of 512. Nothing where functions have
  // been left out: the kernel does not say then whose its figures are.
  std::optional<uint32_t> stack;
  uint32_t jited;  // Bytes of machine code.
  double seconds;  // To load all of the object.
};

// Loads it anew.
Verified verify(const std::string& file, const Features& features);

}  // namespace pinion::packet
