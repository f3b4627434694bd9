// SPDX-License-Identifier: Apache-2.0
// The data plane's object, loaded with the features that a test asks for, and what the verifier
// says of it.
#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "balancer/dataplane/clock.h"

namespace pinion::packet {

inline constexpr uint32_t kGroups = 16;
inline constexpr uint32_t kServers = 64;
inline constexpr uint32_t kSlots = 4096;

// By this host's Clang, and by the newest of Debian 12, which not every machine has.
inline constexpr char kObject[] = PINION_BINARY_DIR "/balancer/bpf/pinion.bpf.o";
inline constexpr char kClang19Object[] = PINION_BINARY_DIR "/balancer/bpf/pinion-clang-19.bpf.o";

// The constants of balancer/bpf/maps.h that leave code out; the default leaves none out but VLANs.
struct Features {
  uint32_t groups6 = kGroups;
  uint32_t methods = ~0u;
  uint32_t listeners = ~0u;
  uint32_t vlans = 0;
  uint32_t routed = ~0u;
  uint32_t crosses = ~0u;
  uint32_t tcp = ~0u;
};

struct CloseObject {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};
using Object = std::unique_ptr<bpf_object, CloseObject>;

// That of all objects. Throws std::system_error, as all here do: EPERM where CAP_BPF is missing.
const Clock& clock_of_objects();

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
