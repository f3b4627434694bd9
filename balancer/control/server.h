// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "balancer/base/http.h"
#include "balancer/control/director_api.h"
#include "config/config.h"

namespace pinion::control {

// The control API on its Unix socket. REQUIRES: the director outlives it, and the event loop's last
// run.
class Server {
 public:
  Server(asio::io_context& loop, DirectorApi& director, http::Limits limits = {});

  Result<> listen(const config::Control& control);
  void close();

 private:
  http::Server server_;
};

}  // namespace pinion::control
