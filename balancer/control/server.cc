// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/server.h"

#include "balancer/control/router.h"

namespace pinion::control {

Server::Server(asio::io_context& loop, DirectorApi& director, http::Limits limits)
    : server_(
          loop, [&director](http::Request request) { return answer(director, std::move(request)); },
          limits) {}

Result<> Server::listen(const config::Control& control) {
  return server_.listen({control.socket, control.mode, control.group});
}

void Server::close() { server_.close(); }

}  // namespace pinion::control
