// SPDX-License-Identifier: Apache-2.0
// A request's path, query and JSON body -> Arguments.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "balancer/control/argument.h"

namespace pinion::control {
namespace {

using nlohmann::json;

constexpr size_t kMostElements = 65536;  // Of a list, in one request.

Refusal malformed(std::string message, std::string hint = "") {
  return {400, std::move(message), std::move(hint)};
}

const Argument* find(std::span<const Argument> arguments, Place place, std::string_view field) {
  for (const Argument& argument : arguments)
    if (argument.place == place && field_of(argument) == field) return &argument;
  return nullptr;
}

Refusal unknown(std::span<const Argument> arguments, Place place, const std::string& field) {
  std::vector<std::string> names;
  for (const Argument& argument : arguments)
    if (argument.place == place) names.push_back(field_of(argument));
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::string what = place == Place::kQuery ? "parameter" : "field";
  return malformed("unknown " + what + " '" + field + "'", hint_for(field, known));
}

Outcome<> read_text(const Argument& argument, const std::string& text, Arguments& into) {
  auto value = parse_value(argument.kind, text);
  if (!value) return malformed(field_of(argument) + ": " + value.error().message());
  into.set(field_of(argument), std::move(*value));
  return {};
}

bool is_boolean(Kind kind) { return kind == Kind::kFlag || kind == Kind::kBoolean; }

std::string_view type_of(Kind kind) {
  if (is_number(kind)) return "an integer";
  if (kind == Kind::kPorts || kind == Kind::kMss) return "an integer or a string";
  if (is_boolean(kind)) return "true or false";
  return "a string";
}

// A scalar's text, where JSON's type is the one that the kind has.
std::optional<std::string> scalar(Kind kind, const json& value) {
  if ((kind == Kind::kPorts || kind == Kind::kMss) && value.is_number_integer())
    return value.dump();
  if (is_number(kind) ? value.is_number_unsigned() || value.is_number_integer()
                      : is_boolean(kind) && value.is_boolean())
    return value.dump();
  if (!is_number(kind) && !is_boolean(kind) && value.is_string()) return value.get<std::string>();
  return {};
}

Outcome<Value> read_scalar(Kind kind, const std::string& field, const json& value) {
  const auto text = scalar(kind, value);
  if (!text)
    return malformed(field + ": expected " + std::string(type_of(kind)) + ", got " +
                     value.type_name());
  auto parsed = parse_value(kind, *text);
  if (!parsed) return malformed(field + ": " + parsed.error().message());
  return std::move(*parsed);
}

// A member of the objects in a list.
template <typename T>
struct Member {
  std::string_view name;
  Kind kind;
  void (*set)(T& object, const Value& value);
  bool required = false;
};

// Of a server in JSON, as `config show` writes it; null says nothing.
constexpr Member<config::Server> kServerMembers[] = {
    {"address", Kind::kAddress,
     [](config::Server& server, const Value& value) { server.address = std::get<Address>(value); },
     true},
    {"weight", Kind::kWeight,
     [](config::Server& server, const Value& value) {
       server.weight = static_cast<uint32_t>(std::get<uint64_t>(value));
     }},
    {"port", Kind::kPort,
     [](config::Server& server, const Value& value) {
       server.port = Port{static_cast<uint16_t>(std::get<uint64_t>(value))};
     }},
    {"forward", Kind::kForward,
     [](config::Server& server, const Value& value) {
       server.forward = find_forward(std::get<std::string>(value));
     }},
    {"tunnel.type", Kind::kTunnelType,
     [](config::Server& server, const Value& value) {
       server.tunnel.type = find_tunnel_type(std::get<std::string>(value));
     }},
    {"tunnel.port", Kind::kPort,
     [](config::Server& server, const Value& value) {
       server.tunnel.port = Port{static_cast<uint16_t>(std::get<uint64_t>(value))};
     }},
    {"tunnel.checksum", Kind::kBoolean,
     [](config::Server& server, const Value& value) {
       server.tunnel.checksum = std::get<bool>(value);
     }},
    {"tunnel.source", Kind::kPrefix,
     [](config::Server& server, const Value& value) {
       server.tunnel.source = std::get<Prefix>(value);
     }},
    {"client_address", Kind::kClientAddress,
     [](config::Server& server, const Value& value) {
       server.client_address = find_client_address(std::get<std::string>(value));
     }},
};

constexpr Member<config::Listener> kListenerMembers[] = {
    {"vip", Kind::kVip,
     [](config::Listener& listener, const Value& value) { listener.vip = std::get<Prefix>(value); },
     true},
    {"port", Kind::kPorts,
     [](config::Listener& listener, const Value& value) {
       listener.ports = std::get<Ports>(value);
     },
     true},
    {"protocol", Kind::kProtocol,
     [](config::Listener& listener, const Value& value) {
       listener.protocol = *parse_protocol(std::get<std::string>(value));
     }},
};

constexpr std::string_view kServerExample = R"({"address": "192.168.1.2", "weight": 1})";
constexpr std::string_view kListenerExample = R"({"vip": "192.168.1.2", "port": 80})";

template <typename T, size_t N>
Refusal unknown_member(const Member<T> (&members)[N], const std::string& field,
                       const std::string& key) {
  std::vector<std::string_view> names;
  for (const Member<T>& known : members) names.push_back(known.name);
  return malformed("unknown field '" + field + "." + key + "'", hint_for(key, names));
}

// The members of `value`, and of the objects in it: "tunnel.type".
template <typename T, size_t N>
Outcome<> read_members(const Member<T> (&members)[N], const std::string& field,
                       const std::string& prefix, const json& value, T& object) {
  for (const auto& [key, member] : value.items()) {
    const std::string name = prefix + key;
    const bool has_inner = std::any_of(members, members + N, [&](const Member<T>& one) {
      return one.name.starts_with(name + ".");
    });
    if (has_inner && member.is_object()) {
      if (auto read = read_members(members, field, name + ".", member, object); !read) return read;
      continue;
    }
    const auto known =
        std::find_if(members, members + N, [&](const Member<T>& one) { return one.name == name; });
    if (known == members + N && !has_inner) return unknown_member(members, field, name);
    if (member.is_null()) continue;
    if (has_inner)
      return malformed(field + "." + name + ": expected an object, got " + member.type_name());
    const auto parsed = read_scalar(known->kind, field + "." + name, member);
    if (!parsed) return parsed.error();
    known->set(object, *parsed);
  }
  return {};
}

template <typename T, size_t N>
Outcome<T> read_object(const Member<T> (&members)[N], std::string_view example,
                       const std::string& field, const json& value) {
  const bool complete =
      value.is_object() && std::all_of(members, members + N, [&](const Member<T>& member) {
        return !member.required || !value.value(member.name, json()).is_null();
      });
  if (!complete) return malformed(field + ": expected an object such as " + std::string(example));
  T object;
  if (auto read = read_members(members, field, "", value, object); !read) return read.error();
  return object;
}

template <typename T, size_t N>
Outcome<Value> read_list(const Member<T> (&members)[N], std::string_view example,
                         const std::string& field, const json& array) {
  if (!array.is_array()) return malformed(field + ": expected an array, got " + array.type_name());
  if (array.size() > kMostElements)
    return malformed(field + ": more than " + std::to_string(kMostElements) + " in one request");
  std::vector<T> list;
  for (size_t i = 0; i < array.size(); ++i) {
    const auto object =
        read_object(members, example, field + "[" + std::to_string(i) + "]", array[i]);
    if (!object) return object.error();
    list.push_back(*object);
  }
  return Value(std::move(list));
}

Outcome<Value> read_member(Kind kind, const std::string& field, const json& member) {
  if (kind == Kind::kNewServer) return read_list(kServerMembers, kServerExample, field, member);
  if (kind == Kind::kListener) return read_list(kListenerMembers, kListenerExample, field, member);
  return read_scalar(kind, field, member);
}

Outcome<json> parse_body(const std::string& body) {
  if (body.empty()) return json::object();
  try {
    json parsed = json::parse(body);
    if (!parsed.is_object())
      return malformed(std::string("the body: expected a JSON object, got ") + parsed.type_name());
    return parsed;
  } catch (const json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    const std::string text = error.what();
    return malformed("the body is no JSON: " + text.substr(text.find("] ") + 2));
  }
}

bool has_inner(std::span<const Argument> expected, const std::string& field) {
  return std::any_of(expected.begin(), expected.end(), [&](const Argument& argument) {
    return argument.place == Place::kBody && field_of(argument).starts_with(field + ".");
  });
}

// The members of an object in the body, "tunnel.type"; of those null says nothing.
Outcome<> read_fields(std::span<const Argument> expected, const std::string& prefix,
                      const json& object, Arguments& into) {
  for (const auto& [key, member] : object.items()) {
    const std::string field = prefix + key;
    if (has_inner(expected, field)) {
      if (!member.is_object())
        return malformed(field + ": expected an object, got " + member.type_name());
      if (auto read = read_fields(expected, field + ".", member, into); !read) return read;
      continue;
    }
    const Argument* argument = find(expected, Place::kBody, field);
    if (!argument) return unknown(expected, Place::kBody, field);
    if (!prefix.empty() && member.is_null()) continue;
    auto value = read_member(argument->kind, field, member);
    if (!value) return value.error();
    into.set(field, std::move(*value));
  }
  return {};
}

Outcome<> read_body(std::span<const Argument> expected, const std::string& body, Arguments& into) {
  const auto object = parse_body(body);
  if (!object) return object.error();
  return read_fields(expected, "", *object, into);
}

}  // namespace

Outcome<Arguments> read_arguments(std::span<const Argument> expected,
                                  const std::map<std::string, std::string>& path,
                                  const std::map<std::string, std::string>& query,
                                  const std::string& body) {
  Arguments arguments;
  for (const auto& [place, texts] : {std::pair(Place::kPath, &path), {Place::kQuery, &query}}) {
    for (const auto& [field, text] : *texts) {
      const Argument* argument = find(expected, place, field);
      if (!argument) return unknown(expected, place, field);
      if (auto read = read_text(*argument, text, arguments); !read) return read.error();
    }
  }
  if (auto read = read_body(expected, body, arguments); !read) return read.error();
  for (const Argument& argument : expected)
    if (is_required(argument) && argument.place != Place::kNowhere &&
        !arguments.has(field_of(argument)))
      return malformed(field_of(argument) + " is missing: " + std::string(argument.help));
  return arguments;
}

}  // namespace pinion::control
