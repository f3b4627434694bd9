// SPDX-License-Identifier: Apache-2.0
// The verbs of the control API and of pinionctl. One row is the HTTP route, the command line, the
// help text, the completion and the section of the manual page.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "balancer/base/asio.h"
#include "balancer/control/argument.h"
#include "balancer/control/director_api.h"
#include "balancer/control/refusal.h"

namespace pinion::control {

// Returns the JSON text of the answer.
using Handler = asio::awaitable<Outcome<std::string>> (*)(DirectorApi&, Arguments);

struct Verb {
  std::string_view words;   // "server drain"
  std::string_view method;  // "POST"; "", like path, if the client needs no daemon.
  std::string_view path;    // "/v1/services/{service}/servers/{server}/drain"
  std::string_view help;    // One line, without a full stop.
  std::string_view example;
  std::span<const Argument> arguments;
  Handler handler = nullptr;
  Outcome<Body> (*read_body)(const std::string& body) = nullptr;  // nullptr: no body.
};

// In the order of help and manual.
std::span<const Verb> verbs();
const Verb* find_verb(std::string_view words);  // nullptr if there is none.

}  // namespace pinion::control
