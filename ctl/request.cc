// SPDX-License-Identifier: Apache-2.0
#include "ctl/request.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "balancer/base/http.h"

namespace pinion::ctl {
namespace {

using control::In;
using control::ValueType;
using nlohmann::json;

json json_of(const Ports& ports) {
  return ports.is_one() ? json(ports.first) : json(ports.to_string());
}

json json_of(const config::Listener& listener) {
  return {{"vip", host_or_prefix(listener.vip)},
          {"port", json_of(listener.ports)},
          {"protocol", to_string(listener.protocol)}};
}

json scalar(config::JsonType type, const std::string& text) {
  const bool is_digits =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (type == config::JsonType::kBoolean) return text == "true";
  if (type != config::JsonType::kText && is_digits) return std::stoull(text);
  return text;
}

// The command line has been checked: the text can be read.
json json_of(const Argument& argument, const std::string& text) {
  if (argument.type == ValueType::kScalar) return scalar(argument.syntax->json, text);
  const auto value = parse_value(argument, text);
  if (argument.type == ValueType::kListener) return json_of(std::get<config::Listener>(*value));
  const auto& server = std::get<config::Server>(*value);
  json object = {{"address", server.address.to_string()}, {"weight", server.weight}};
  if (server.port) object["port"] = server.port->value;
  return object;
}

// "tunnel.type" is in the object "tunnel".
json::json_pointer pointer_to(std::string field) {
  std::replace(field.begin(), field.end(), '.', '/');
  return json::json_pointer("/" + field);
}

json body_of(const CommandLine& line) {
  json body = json::object();
  for (const Argument& argument : line.verb->arguments) {
    if (argument.in != In::kBody || !line.has(argument.name)) continue;
    for (const std::string& text : line.values.find(argument.name)->second) {
      if (argument.form == control::Form::kRepeatedOption)
        body[field_of(argument)].push_back(json_of(argument, text));
      else
        body[pointer_to(field_of(argument))] = json_of(argument, text);
    }
  }
  return body;
}

std::string path_of(const CommandLine& line) {
  std::string path(line.verb->path);
  for (const Argument& argument : line.verb->arguments) {
    if (argument.in != In::kPath) continue;
    const std::string place = "{" + field_of(argument) + "}";
    path.replace(path.find(place), place.size(), http::encode(line.get(argument.name)));
  }
  return path;
}

std::string query_of(const CommandLine& line) {
  std::string query;
  for (const Argument& argument : line.verb->arguments)
    if (argument.in == In::kQuery && line.has(argument.name))
      query += (query.empty() ? "?" : "&") + field_of(argument) + "=" +
               http::encode(line.get(argument.name));
  return query;
}

}  // namespace

Request request_of(const CommandLine& line) {
  const json body = body_of(line);
  return {std::string(line.verb->method), path_of(line) + query_of(line),
          body.empty() ? "" : body.dump(-1, ' ', false, json::error_handler_t::replace)};
}

}  // namespace pinion::ctl
