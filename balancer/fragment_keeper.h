// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "balancer/base/asio.h"
#include "balancer/dataplane/early_fragments.h"
#include "balancer/netlink/packet_socket.h"

namespace pinion {

// Wakes when a fragment came ahead of the first of its packet, and looks every other millisecond
// whether that has come, for as long as any waits.
class FragmentKeeper {
 public:
  static Result<std::unique_ptr<FragmentKeeper>> open(asio::io_context& io, const Program& program);
  ~FragmentKeeper();

  asio::awaitable<void> run();

 private:
  FragmentKeeper(asio::io_context& io, PacketSocket socket);

  PacketSocket socket_;
  std::unique_ptr<EarlyFragments> early_;
  asio::posix::stream_descriptor ready_;
};

}  // namespace pinion
