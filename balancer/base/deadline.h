// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "balancer/base/asio.h"

namespace pinion {

// Calls `expire` when time is up, unless it is set anew, cancelled or destroyed before that. A
// handler that Asio has queued already outlives all three, so it holds nothing but a weak_ptr and
// looks at the clock again. `expire` may use whatever owns the Deadline, and may destroy it.
class Deadline {
 public:
  Deadline(const asio::any_io_executor& executor, std::function<void()> expire)
      : state_(std::make_shared<State>(State{asio::steady_timer(executor), std::move(expire)})) {}

  void set(std::chrono::milliseconds in) {
    state_->timer.expires_after(in);
    state_->timer.async_wait([weak = std::weak_ptr(state_)](const boost::system::error_code&) {
      const auto state = weak.lock();
      if (state && state->timer.expiry() <= asio::steady_timer::clock_type::now()) {
        state->timer.expires_at(asio::steady_timer::time_point::max());
        state->expire();
      }
    });
  }

  void cancel() { state_->timer.expires_at(asio::steady_timer::time_point::max()); }

 private:
  struct State {
    asio::steady_timer timer;
    std::function<void()> expire;
  };
  std::shared_ptr<State> state_;
};

}  // namespace pinion
