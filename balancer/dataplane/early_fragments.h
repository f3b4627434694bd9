// SPDX-License-Identifier: Apache-2.0
// IP fragments that came ahead of the first of their packet (bpf/fragment.h). They are kept for a
// moment, and presented to the program again when that one has come: it does with them what it does
// with all others, and what it makes of them is sent. Where it does not come, they are presented
// all the same, for their verdict, with a mark that says so.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/bpf/abi.h"
#include "balancer/dataplane/map.h"
#include "balancer/dataplane/program.h"

struct ring_buffer;

namespace pinion {

class EarlyFragments {
 public:
  static constexpr std::chrono::milliseconds kPatience{200};
  static constexpr size_t kMost = 256;  // The oldest ones go, so that a flood costs little.

  // A frame leaves by that interface. A failure is as if it was lost on the wire.
  using Send = std::function<Result<>(uint32_t ifindex, const std::vector<uint8_t>& frame)>;

  // `program` outlives it, and may be extended meanwhile.
  static Result<EarlyFragments> open(const Program& program, Send send);
  EarlyFragments(EarlyFragments&&) noexcept;
  ~EarlyFragments();

  // Readable when some wait to be received.
  int fd() const;
  void receive();
  // Lets those go whose first one has come, or that have waited too long.
  void settle();
  bool empty() const { return kept_->empty(); }

 private:
  using Kept = std::list<pinion_early_fragment>;
  struct Close {
    void operator()(ring_buffer* ring) const;
  };

  EarlyFragments(const Program& program, Send send);
  void go_after(const pinion_early_fragment& early, const pinion_fragment& first);
  void give_up(const pinion_early_fragment& early);

  const Program* program_;
  Send send_;
  HashMap<pinion_fragment_key, pinion_fragment> firsts_;
  std::unique_ptr<Kept> kept_;  // Where the ring puts them, whoever owns this.
  std::unique_ptr<ring_buffer, Close> ring_;
};

}  // namespace pinion
