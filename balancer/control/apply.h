// SPDX-License-Identifier: Apache-2.0
// Shared by the handlers that change something.
#pragma once

#include "balancer/control/argument.h"
#include "balancer/control/director_api.h"
#include "balancer/control/json.h"
#include "balancer/control/refusal.h"

namespace pinion::control {

// Makes `next` live, or passes its error on.
inline Outcome<Warnings> make_live(DirectorApi& director, Outcome<Config> next) {
  if (!next) return next.error();
  auto applied = director.apply(std::move(*next));
  if (!applied) return refused(applied.error());
  return std::move(*applied);
}

// The answer to every change; the client prints the message.
inline Json done(std::string message) { return {{"message", std::move(message)}}; }

// The complete answer to a change of the live configuration.
inline std::string with_warnings(Json json, const Warnings& warnings) {
  json["warnings"] = warnings;
  return to_text(json);
}

// "1 connection", "2 connections"
inline std::string counted(uint64_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

}  // namespace pinion::control
