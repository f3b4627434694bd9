// SPDX-License-Identifier: Apache-2.0
// The data plane as the daemon loads it, with its tables filled.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "balancer/bpf/abi/abi.h"
#include "balancer/dataplane/clock.h"
#include "balancer/dataplane/constants.h"
#include "tests/bench/bpf/plan.h"

struct pinion_bpf;

namespace pinion::bench {

enum class Fill {
  kByPackets,        // Nothing: a run makes the connections.
  kFlows,            // Established connections, which are the first flows that a plan picks.
  kFullEstablished,  // Every entry is an established connection of nobody's.
  kFullHalfOpen,     // Every entry is one that has sent a SYN.
};

struct Setup {
  bool is_v6 = false;
  uint32_t capacity = 0;  // Connections. The table has two entries for each.
  Fill fill = Fill::kFlows;
  uint32_t flows = 0;  // How many there are, but in a full table.
  uint32_t services = 1;
  uint32_t servers = 16;
  pinion_method method = PINION_METHOD_DR;
  pinion_tunnel tunnel = PINION_TUNNEL_IPIP;  // IPv4 outside.
};

class Instance {
 public:
  explicit Instance(const Setup& setup);
  ~Instance();

  int program() const;  // Its descriptor.

  // What full NAT gave the flows, by their numbers.
  std::vector<bench_end> local_ends(const Setup& setup) const;

  void sweep();  // Ends all half-open connections. IPv4 only.

  using Verdicts = std::array<uint64_t, PINION_VERDICT_COUNT>;
  Verdicts verdicts() const;

 private:
  struct Destroy {
    void operator()(pinion_bpf* skeleton) const;
  };

  void size(const Setup& setup);
  pinion_settings write_settings();
  void write_services(const Setup& setup);
  void write_servers(const Setup& setup);
  void write_local_address();

  const Clock clock_;
  const Constants constants_;
  std::unique_ptr<pinion_bpf, Destroy> skeleton_;
};

}  // namespace pinion::bench
