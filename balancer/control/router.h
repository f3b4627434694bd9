// SPDX-License-Identifier: Apache-2.0
// From a request to its verb.
#pragma once

#include <map>
#include <string>

#include "balancer/base/http.h"
#include "balancer/control/director_api.h"
#include "balancer/control/verb.h"

namespace pinion::control {

struct Route {
  const Verb* verb = nullptr;
  std::map<std::string, std::string> path;  // The values of the path's {places}.
};

// 404 if no verb has the path, 405 if one has it with another method.
Outcome<Route> find_route(const std::string& method, const std::vector<std::string>& path);

// The verb and its arguments; does nothing yet.
struct Call {
  const Verb* verb = nullptr;
  Arguments arguments;
};
Outcome<Call> read_call(const http::Request& request);

// Does what the request asks for. `GET /` lists what can be asked.
asio::awaitable<http::Response> answer(DirectorApi& director, http::Request request);

}  // namespace pinion::control
