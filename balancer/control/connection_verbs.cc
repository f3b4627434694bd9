// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "balancer/control/apply.h"
#include "balancer/control/edit.h"
#include "balancer/control/handlers.h"

namespace pinion::control {
namespace {

constexpr size_t kDefaultLimit = 1000;
// Rows of JSON written before other handlers get a turn: some 2 ms of work.
constexpr size_t kStep = 512;

Outcome<ConnectionFilter> filter_of(const Config& live, const Arguments& arguments) {
  ConnectionFilter filter;
  filter.service = arguments.get<std::string>("service");
  filter.server = arguments.get<config::ServerName>("server");
  filter.client = arguments.get<Prefix>("client");
  if (const auto word = arguments.get<std::string>("state")) filter.state = find_state(*word);
  if (!filter.service) return filter;
  for (const config::Service& service : live.services)
    if (service.name == *filter.service) return filter;
  return no_such_service(live, *filter.service);
}

// Connections may outlive their server in the configuration. So an unknown server is a typing error
// only if no connection was found.
Outcome<> check_server(const Snapshot& snapshot, const ConnectionFilter& filter) {
  if (!filter.server) return {};
  std::vector<std::string> names;
  for (const ServiceSnapshot& service : snapshot.services)
    for (const ServerSnapshot& server : service.servers) {
      if (is_called({server.address, server.port}, *filter.server)) return {};
      if (!filter.service || *filter.service == service.name)
        names.push_back(server.address.to_string());
    }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::string text = config::to_string(*filter.server);
  return Refusal{404, "no server " + text, hint_for(text, known)};
}

bool matches_everything(const ConnectionFilter& filter) {
  return !filter.service && !filter.server && !filter.client && !filter.state;
}

}  // namespace

Answer connection_list(DirectorApi& director, Arguments arguments) {
  const auto filter = filter_of(director.live(), arguments);
  if (!filter) co_return filter.error();
  const size_t limit = arguments.get<uint64_t>("limit").value_or(kDefaultLimit);
  // Asks for one more, to know whether there are more.
  auto connections = co_await director.connections(*filter, limit + 1);
  if (connections.empty())
    if (auto known = check_server(director.snapshot(), *filter); !known) co_return known.error();
  const bool truncated = connections.size() > limit;
  if (truncated) connections.resize(limit);

  const auto executor = co_await asio::this_coro::executor;
  std::string text = "{\"connections\": [";
  for (size_t i = 0; i < connections.size(); ++i) {
    text += (i ? ",\n  " : "\n  ") + to_line(to_json(connections[i]));
    if (i % kStep == kStep - 1) co_await asio::post(executor, asio::use_awaitable);
  }
  text += "\n], \"limit\": " + std::to_string(limit) +
          ", \"truncated\": " + (truncated ? "true" : "false") + "}\n";
  co_return text;
}

Answer connection_count(DirectorApi& director, Arguments arguments) {
  const auto filter = filter_of(director.live(), arguments);
  if (!filter) co_return filter.error();
  const uint64_t count = co_await director.count_connections(*filter);
  if (count == 0)
    if (auto known = check_server(director.snapshot(), *filter); !known) co_return known.error();
  co_return to_text({{"count", count}});
}

Answer connection_flush(DirectorApi& director, Arguments arguments) {
  const auto filter = filter_of(director.live(), arguments);
  if (!filter) co_return filter.error();
  if (matches_everything(*filter) && !arguments.flag("all"))
    co_return Refusal{400, "this would end every connection",
                      "give a filter, or --all if you mean that"};
  if (!matches_everything(*filter) && arguments.flag("all"))
    co_return Refusal{400, "'all' and a filter contradict each other", "give one of the two"};
  const uint64_t count = co_await director.flush_connections(*filter);
  if (count == 0)
    if (auto known = check_server(director.snapshot(), *filter); !known) co_return known.error();
  Json json = done(counted(count, "connection") + " flushed");
  json["flushed"] = count;
  co_return to_text(json);
}

}  // namespace pinion::control
