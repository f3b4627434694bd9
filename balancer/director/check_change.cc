// SPDX-License-Identifier: Apache-2.0
#include "balancer/director/check_change.h"

#include <string>
#include <utility>

#include "balancer/director/config_file.h"
#include "config/check/check.h"
#include "config/problem.h"

namespace pinion {
namespace {

// The running tables and listeners were made with these keys. To change them takes another start.
struct Fixed {
  const char* key;
  bool (*same)(const config::Director&, const config::Director&);
  const char* remedy;
};

constexpr char kRestart[] = "restart it (with director.on_stop: keep nothing is lost by that)";
constexpr char kStartAnew[] =
    "stop it with director.on_stop: withdraw and start it again (its connections are then lost)";

constexpr Fixed kFixed[] = {
    {"director.instance", [](const auto& a, const auto& b) { return a.instance == b.instance; },
     kStartAnew},
    {"director.xdp", [](const auto& a, const auto& b) { return a.xdp == b.xdp; }, kRestart},
    {"director.connections",
     [](const auto& a, const auto& b) { return a.connections == b.connections; }, kStartAnew},
    {"director.limits", [](const auto& a, const auto& b) { return a.limits == b.limits; },
     kStartAnew},
    {"director.control", [](const auto& a, const auto& b) { return a.control == b.control; },
     kRestart},
    {"director.metrics", [](const auto& a, const auto& b) { return a.metrics == b.metrics; },
     kRestart},
};

void add_line(std::string& text, const std::string& line) {
  text += (text.empty() ? "" : "\n") + line;
}

}  // namespace

Result<Warnings> check_change(const config::Director& live, const Config& next) {
  std::string errors;
  Warnings warnings;
  for (config::Problem& problem : config::check(next, vocabulary())) {
    std::string line = config::by_name(next, problem.path + ": " + problem.what);
    if (problem.warning)
      warnings.push_back(std::move(line));
    else
      add_line(errors, line);
  }
  for (const Fixed& fixed : kFixed)
    if (!fixed.same(live, next.director))
      add_line(errors,
               std::string(fixed.key) + ": cannot change while piniond runs; " + fixed.remedy);
  if (!errors.empty()) return refusal(errors);
  return warnings;
}

}  // namespace pinion
