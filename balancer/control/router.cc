// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/router.h"

#include <optional>

#include "balancer/control/json.h"
#include "balancer/control/read_arguments.h"

namespace pinion::control {
namespace {

// The values of the {places} in `pattern` ("/v1/services/{service}"), if `path` matches it.
std::optional<std::map<std::string, std::string>> match(std::string_view pattern,
                                                        const std::vector<std::string>& path) {
  std::map<std::string, std::string> places;
  for (const std::string& segment : path) {
    if (pattern.empty()) return {};
    pattern.remove_prefix(1);
    const std::string_view part = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(part.size());
    if (part.starts_with('{'))
      places.emplace(part.substr(1, part.size() - 2), segment);
    else if (part != segment)
      return {};
  }
  if (!pattern.empty()) return {};
  return places;
}

std::string join_path(const std::vector<std::string>& path) {
  std::string text;
  for (const std::string& segment : path) text += "/" + segment;
  return text;
}

Refusal no_such_path(const std::vector<std::string>& path) {
  std::vector<std::string_view> known;
  for (const Verb& verb : verbs())
    if (!verb.path.empty()) known.push_back(verb.path);
  const std::string text = join_path(path);
  std::string hint = hint_for(text, known);
  if (hint.empty()) hint = "GET / lists every path";
  return {404, "no such path: " + text, hint};
}

bool is_root(const std::vector<std::string>& path) {
  return path.empty() || (path.size() == 1 && path[0] == "v1");
}

Json describe(const Verb& verb) {
  Json arguments = Json::array();
  for (const Argument& argument : verb.arguments)
    arguments.push_back({{"name", field_of(argument)},
                         {"in", argument.in == In::kPath    ? "path"
                                : argument.in == In::kQuery ? "query"
                                                            : "body"},
                         {"required", is_required(argument)},
                         {"help", argument.help}});
  return {{"verb", verb.words},
          {"method", verb.method},
          {"path", verb.path},
          {"help", verb.help},
          {"arguments", arguments}};
}

std::string list_verbs() {
  Json rows = Json::array();
  for (const Verb& verb : verbs())
    if (verb.handler) rows.push_back(describe(verb));
  return to_text({{"name", "pinion"}, {"version", PINION_VERSION}, {"verbs", rows}});
}

http::Response respond(const Outcome<std::string>& outcome) {
  if (outcome) return {200, "application/json", *outcome};
  return {outcome.error().status, "application/json", to_text(to_json(outcome.error()))};
}

// Logs every change, and no reading. A client may repeat a refused change without end, so
// log::info() limits the rate of those lines.
void log_change(const Call& call, const Outcome<std::string>& outcome) {
  if (call.verb->method == "GET") return;
  if (!outcome) {
    log::info("change refused", {{"verb", call.verb->words}, {"error", outcome.error().message}});
    return;
  }
  std::vector<log::Field> fields = {{"verb", call.verb->words}};
  const auto texts = call.arguments.texts();
  for (const auto& [field, text] : texts) fields.emplace_back(field, text);
  log::record("changed", fields);
}

}  // namespace

Outcome<Route> find_route(const std::string& method, const std::vector<std::string>& path) {
  std::string methods;
  for (const Verb& verb : verbs()) {
    if (!verb.handler) continue;
    auto places = match(verb.path, path);
    if (!places) continue;
    if (verb.method == method) return Route{&verb, std::move(*places)};
    methods += (methods.empty() ? "" : ", ") + std::string(verb.method);
  }
  if (methods.empty()) return no_such_path(path);
  return Refusal{405, method + " is not allowed for " + join_path(path), "it takes " + methods};
}

Outcome<Call> read_call(const http::Request& request) {
  auto route = find_route(request.method, request.target.path);
  if (!route) return route.error();
  auto arguments = read_arguments(*route->verb, route->path, request.target.query, request.body);
  if (!arguments) return arguments.error();
  return Call{route->verb, std::move(*arguments)};
}

asio::awaitable<http::Response> answer(DirectorApi& director, http::Request request) {
  if (is_root(request.target.path) && request.method == "GET") co_return respond(list_verbs());
  auto call = read_call(request);
  if (!call) co_return respond(call.error());
  const Outcome<std::string> outcome = co_await call->verb->handler(director, call->arguments);
  log_change(*call, outcome);
  co_return respond(outcome);
}

}  // namespace pinion::control
