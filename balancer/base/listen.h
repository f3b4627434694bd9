// SPDX-License-Identifier: Apache-2.0
// Listening sockets, non-blocking and closed on exec.
#pragma once

#include <cstdint>
#include <string>

#include "balancer/base/error.h"
#include "balancer/base/fd.h"
#include "balancer/base/net.h"

namespace pinion {

// A Unix socket has its mode and group before anybody can connect. A missing directory (its last
// component) is made. A socket that nobody listens on any more is replaced; one that somebody
// listens on, and a file that is no socket, are refused. `group` is a name or a number.
Result<Fd> listen_unix(const std::string& path, uint32_t mode, const std::string& group);

// Port 0 lets the kernel choose; bound_endpoint() tells which.
Result<Fd> listen_tcp(const Endpoint& endpoint);
Result<Endpoint> bound_endpoint(const Fd& socket);

}  // namespace pinion
