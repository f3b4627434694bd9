// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/fragment_keeper.h"

#include <utility>

namespace pinion {
namespace {

constexpr auto kPause = std::chrono::milliseconds(2);

}  // namespace

FragmentKeeper::FragmentKeeper(asio::io_context& io, EarlyFragments early)
    : early_(std::move(early)), ready_(io, early_.fd()) {}

// The ring owns the descriptor and closes it.
FragmentKeeper::~FragmentKeeper() { ready_.release(); }

Result<std::unique_ptr<FragmentKeeper>> FragmentKeeper::open(asio::io_context& io,
                                                             const Program& program,
                                                             EarlyFragments::Send send) {
  auto early = EarlyFragments::open(program, std::move(send));
  if (!early) return early.error();
  return std::unique_ptr<FragmentKeeper>(new FragmentKeeper(io, std::move(*early)));
}

asio::awaitable<void> FragmentKeeper::run() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (boost::system::error_code ended; !ended;) {
    co_await ready_.async_wait(asio::posix::stream_descriptor::wait_read,
                               asio::redirect_error(asio::use_awaitable, ended));
    early_.receive();
    for (early_.process_ready(); !early_.empty(); early_.process_ready()) {
      timer.expires_after(kPause);
      co_await timer.async_wait(asio::use_awaitable);
      early_.receive();
    }
  }
}

}  // namespace pinion
