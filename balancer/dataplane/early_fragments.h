// SPDX-License-Identifier: Apache-2.0
// IP fragments that arrived before the first one of their packet (bpf/fragment.h). They are kept
// for a moment. When the first one has arrived, the program runs on them again and treats them as
// it treats all later fragments, and the frames that it makes are sent. If the first one does not
// arrive, the program still runs on them, so that they are counted, with a mark that says so.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/bpf/abi/abi.h"
#include "balancer/dataplane/map.h"
#include "balancer/dataplane/program.h"

struct ring_buffer;

namespace pinion {

class EarlyFragments {
 public:
  static constexpr std::chrono::milliseconds kPatience{200};
  static constexpr size_t kMost = 256;  // Drops the oldest ones, so that a flood costs little.

  // Sends a frame by that interface. A failure is like a loss on the wire.
  using Send = std::function<Result<>(uint32_t ifindex, const std::vector<uint8_t>& frame)>;

  // `program` outlives it; it may be extended meanwhile.
  static Result<EarlyFragments> open(const Program& program, Send send);
  EarlyFragments(EarlyFragments&&) noexcept;
  ~EarlyFragments();

  // Readable when there are fragments to receive.
  int fd() const;
  void receive();
  // Runs the program on those whose first one has arrived, or that have waited too long.
  void process_ready();
  bool empty() const { return kept_->empty(); }

 private:
  using Kept = std::list<pinion_early_fragment>;
  struct Close {
    void operator()(ring_buffer* ring) const;
  };

  EarlyFragments(const Program& program, Send send);
  void process(const pinion_early_fragment& early, const pinion_fragment& first);
  void give_up(const pinion_early_fragment& early);

  const Program* program_;
  Send send_;
  HashMap<pinion_fragment_key, pinion_fragment> firsts_;
  std::unique_ptr<Kept> kept_;  // The ring writes here, so it does not move with this.
  std::unique_ptr<ring_buffer, Close> ring_;
};

}  // namespace pinion
