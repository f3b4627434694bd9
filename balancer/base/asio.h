// SPDX-License-Identifier: Apache-2.0
// Asio, as this project uses it: one io_context, one thread, coroutines. Include it only from here:
// Boost 1.74 needs <utility> first.
#pragma once

#include <utility>

#include <boost/asio.hpp>

#include <exception>
#include <string>

#include "balancer/base/log.h"

namespace pinion {

namespace asio = boost::asio;

// The completion token of co_spawn: a coroutine that ends with an exception is logged, never
// silently gone (asio::detached would swallow it).
inline auto report(std::string name) {
  return [name = std::move(name)](std::exception_ptr failure) {
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      log::error("coroutine failed", {{"name", name}, {"error", error.what()}});
    }
  };
}

}  // namespace pinion
