// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <future>
#include <thread>

#include "balancer/base/asio.h"

namespace pinion::test {

// An event loop on a thread of its own. What lives on the loop is made and asked through on().
class EventLoop {
 public:
  EventLoop() : guard_(asio::make_work_guard(loop_)), thread_([this] { loop_.run(); }) {}
  ~EventLoop() {
    loop_.stop();
    thread_.join();
  }

  asio::io_context& context() { return loop_; }

  // Runs `work` on the loop's thread and returns what it returns.
  template <typename Work>
  auto on(Work work) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto done = task.get_future();
    asio::post(loop_, [&task] { task(); });
    return done.get();
  }

 private:
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard_;
  std::thread thread_;
};

}  // namespace pinion::test
