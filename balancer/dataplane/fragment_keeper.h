// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "balancer/base/asio.h"
#include "balancer/dataplane/early_fragments.h"

namespace pinion {

// The loop over EarlyFragments. It wakes when a fragment arrives before the first one of its
// packet, and then looks every 2 ms whether the first one has come, for as long as any fragment
// waits.
class FragmentKeeper {
 public:
  // `program` outlives it. Frames that the program forwards leave by `send`.
  static Result<std::unique_ptr<FragmentKeeper>> open(asio::io_context& io, const Program& program,
                                                      EarlyFragments::Send send);
  ~FragmentKeeper();

  asio::awaitable<void> run();

 private:
  FragmentKeeper(asio::io_context& io, EarlyFragments early);

  EarlyFragments early_;
  asio::posix::stream_descriptor ready_;
};

}  // namespace pinion
