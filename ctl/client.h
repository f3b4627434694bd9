// SPDX-License-Identifier: Apache-2.0
// One request to the daemon over its Unix socket.
#pragma once

#include <chrono>
#include <string>

#include "balancer/base/error.h"

namespace pinion::ctl {

struct Request {
  std::string method;
  std::string target;
  std::string body;
};

struct Reply {
  unsigned status = 0;
  std::string body;
};

// Fails if no daemon answers; the error says what to do about it.
Result<Reply> ask(const std::string& socket, const Request& request,
                  std::chrono::milliseconds patience);

}  // namespace pinion::ctl
