// SPDX-License-Identifier: Apache-2.0
#include "balancer/fragment_keeper.h"

#include <utility>

namespace pinion {
namespace {

constexpr auto kPause = std::chrono::milliseconds(2);

}  // namespace

FragmentKeeper::FragmentKeeper(asio::io_context& io, PacketSocket socket)
    : socket_(std::move(socket)), ready_(io) {}

// The descriptor is the ring's, which closes it.
FragmentKeeper::~FragmentKeeper() { ready_.release(); }

Result<std::unique_ptr<FragmentKeeper>> FragmentKeeper::open(asio::io_context& io,
                                                             const Program& program) {
  auto socket = PacketSocket::open(PacketSocket::Hears::kNothing);
  if (!socket) return socket.error();
  std::unique_ptr<FragmentKeeper> keeper(new FragmentKeeper(io, std::move(*socket)));
  auto early = EarlyFragments::open(
      program, [to = &keeper->socket_](uint32_t ifindex, const std::vector<uint8_t>& frame) {
        return to->send(ifindex, frame);
      });
  if (!early) return early.error();
  keeper->early_ = std::make_unique<EarlyFragments>(std::move(*early));
  keeper->ready_.assign(keeper->early_->fd());
  return keeper;
}

asio::awaitable<void> FragmentKeeper::run() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (boost::system::error_code ended; !ended;) {
    co_await ready_.async_wait(asio::posix::stream_descriptor::wait_read,
                               asio::redirect_error(asio::use_awaitable, ended));
    early_->receive();
    for (early_->settle(); !early_->empty(); early_->settle()) {
      timer.expires_after(kPause);
      co_await timer.async_wait(asio::use_awaitable);
      early_->receive();
    }
  }
}

}  // namespace pinion
