// SPDX-License-Identifier: Apache-2.0
// JSON -> Patch by the tables of config/keys.h.
#include <nlohmann/json.hpp>

#include "balancer/control/argument.h"
#include "balancer/control/options.h"
#include "balancer/control/patch.h"

namespace pinion::control {
namespace {

using nlohmann::json;
using Said = std::vector<std::pair<std::string, std::string>>;

constexpr size_t kMostElements = 65536;  // Of a list, in one request.
constexpr size_t kMostInText = 16;       // Of a list, in the log.

template <typename T>
constexpr std::string_view kExample;
template <>
constexpr std::string_view kExample<config::Server> = R"({"address": "192.168.1.2", "weight": 1})";
template <>
constexpr std::string_view kExample<config::Listener> = R"({"vip": "192.168.1.2", "port": 80})";

// The position of an object in the body: "servers[0]." and, inside that, "tunnel.".
struct Scope {
  std::string element;
  std::string prefix;
  Use use;
  // The fields that a body, or an element of a list, can have.
  std::vector<std::string> (*known)(Use use);

  std::string path(std::string_view key) const { return element + prefix + std::string(key); }
  // In a nested object, null counts as absent.
  bool is_nested() const { return !element.empty() || !prefix.empty(); }
  Scope inner(std::string_view key) const {
    return {element, prefix + std::string(key) + ".", use, known};
  }
};

Refusal malformed(std::string message, std::string hint = "") {
  return {400, std::move(message), std::move(hint)};
}

std::string_view name_of(config::JsonType type) {
  switch (type) {
    case config::JsonType::kText:
      break;
    case config::JsonType::kInteger:
      return "an integer";
    case config::JsonType::kIntegerOrText:
      return "an integer or a string";
    case config::JsonType::kBoolean:
      return "true or false";
  }
  return "a string";
}

// The text of a scalar, if it has the expected type.
std::optional<std::string> text_of(config::JsonType type, const json& value) {
  using config::JsonType;
  if (value.is_string() && (type == JsonType::kText || type == JsonType::kIntegerOrText))
    return value.get<std::string>();
  if (value.is_number_integer() && (type == JsonType::kInteger || type == JsonType::kIntegerOrText))
    return value.dump();
  if (value.is_boolean() && type == JsonType::kBoolean) return value.dump();
  return {};
}

template <typename V>
Outcome<> read_scalar(const config::Codec<V>& codec, const std::string& path, const json& value,
                      V& into) {
  const auto text = text_of(codec.json, value);
  if (!text)
    return malformed(path + ": expected " + std::string(name_of(codec.json)) + ", got " +
                     value.type_name());
  if (auto right = check_text(codec, *text); !right)
    return malformed(path + ": " + right.error().message());
  into = *codec.parse(*text);
  return {};
}

template <typename T>
Outcome<> read_object(const Scope& scope, const json& object, T& into, Said& said);

template <typename T, typename V>
Outcome<> read(const config::ScalarKey<T, V>& key, const Scope& scope, const json& value, T& into,
               Said& said) {
  if (auto read = read_scalar(*key.codec, scope.path(key.name), value, into.*key.member); !read)
    return read;
  said.emplace_back(scope.path(key.name), key.codec->format(into.*key.member));
  return {};
}

template <typename T, typename E, typename V>
Outcome<> read(const config::ShortKey<T, E, V>& key, const Scope& scope, const json& value, T& into,
               Said& said) {
  // If the long form is given as well, edit.cc refuses the request.
  E only = (into.*key.list).empty() ? E{} : (into.*key.list).front();
  if (auto read = read_scalar(*key.codec, scope.path(key.name), value, only.*key.member); !read)
    return read;
  said.emplace_back(scope.path(key.name), key.codec->format(only.*key.member));
  into.*key.list = {only};
  return {};
}

template <typename T, typename V>
Outcome<> read(const config::MappingKey<T, V>& key, const Scope& scope, const json& value, T& into,
               Said& said) {
  if (!value.is_object())
    return malformed(scope.path(key.name) + ": expected an object, got " + value.type_name());
  return read_object(scope.inner(key.name), value, into.*key.member, said);
}

template <typename V>
Outcome<> read_element(const std::string& path, const json& value, V& into) {
  bool complete = value.is_object();
  config::for_each_key<V>([&](const auto& key) {
    if constexpr (requires { key.presence; })
      if (complete && key.presence == config::Presence::kRequired)
        complete = !value.value(key.name, json()).is_null();
  });
  if (!complete)
    return malformed(path + ": expected an object such as " + std::string(kExample<V>));
  Said said;
  return read_object({path + ".", "", Use::kAdd, fields_of<V>}, value, into, said);
}

template <typename V>
std::string text_of(const std::vector<V>& list) {
  std::string text;
  for (size_t i = 0; i < std::min(list.size(), kMostInText); ++i)
    text += (i ? "," : "") + log_text(list[i]);
  if (list.size() <= kMostInText) return text;
  return text + " and " + std::to_string(list.size() - kMostInText) + " more";
}

template <typename T, typename V>
Outcome<> read(const config::MappingsKey<T, V>& key, const Scope& scope, const json& value, T& into,
               Said& said) {
  const std::string path = scope.path(key.name);
  if (!value.is_array()) return malformed(path + ": expected an array, got " + value.type_name());
  if (value.size() > kMostElements)
    return malformed(path + ": more than " + std::to_string(kMostElements) + " in one request");
  std::vector<V>& list = into.*key.member;
  list.assign(value.size(), V{});
  for (size_t i = 0; i < list.size(); ++i)
    if (auto read = read_element(path + "[" + std::to_string(i) + "]", value[i], list[i]); !read)
      return read;
  said.emplace_back(path, text_of(list));
  return {};
}

// Whether the table has the key, and `use` allows it.
template <typename T>
Outcome<> check_name(const Scope& scope, const std::string& name) {
  bool known = false;
  std::string_view instead;
  config::for_each_key<T>([&](const auto& key) {
    if (key.name != name) return;
    known = true;
    if constexpr (requires { key.option; })
      if (scope.use == Use::kSet) instead = key.option.instead_of_set;
  });
  if (known && instead.empty()) return {};
  if (known) return malformed("'" + name + "' cannot be changed here", std::string(instead));
  const std::vector<std::string> fields = scope.known(scope.use);
  const std::vector<std::string_view> views(fields.begin(), fields.end());
  return malformed("unknown field '" + scope.path(name) + "'",
                   hint_for(scope.prefix + name, views));
}

template <typename T>
Outcome<> read_object(const Scope& scope, const json& object, T& into, Said& said) {
  for (const auto& [name, value] : object.items())
    if (auto known = check_name<T>(scope, name); !known) return known;
  Outcome<> result;
  config::for_each_key<T>([&](const auto& key) {
    const auto member = object.find(key.name);
    if (!result || member == object.end()) return;
    if (member->is_null() && scope.is_nested()) return;
    result = read(key, scope, *member, into, said);
  });
  return result;
}

// Checks the required keys of a new one.
template <typename T>
Outcome<> check_complete(const Patch<T>& patch) {
  Outcome<> result;
  config::for_each_key<T>([&](const auto& key) {
    if constexpr (requires { key.alias; })
      if (result && key.presence == config::Presence::kRequired && !patch.says(key.name))
        result = malformed(std::string(key.name) + " is missing: " + std::string(key.option.help));
  });
  return result;
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
    return malformed("the body is not JSON: " + text.substr(text.find("] ") + 2));
  }
}

}  // namespace

std::string log_text(const config::Listener& listener) { return config::to_string(listener); }

std::string log_text(const config::Server& server) {
  return config::to_string({server.address, server.port}) + "=" + std::to_string(server.weight);
}

Outcome<> expect_no_fields(const std::string& body) {
  const auto object = parse_body(body);
  if (!object) return object.error();
  if (object->empty()) return {};
  return malformed("unknown field '" + object->begin().key() + "'", hint_for("", {}));
}

template <typename T>
Outcome<Patch<T>> read_patch(const std::string& body, Use use) {
  const auto object = parse_body(body);
  if (!object) return object.error();
  Patch<T> patch;
  if (auto read = read_object({"", "", use, fields_of<T>}, *object, patch.values, patch.said);
      !read)
    return read.error();
  if (use == Use::kAdd)
    if (auto complete = check_complete(patch); !complete) return complete.error();
  return patch;
}
template Outcome<Patch<config::Service>> read_patch(const std::string& body, Use use);
template Outcome<Patch<config::Server>> read_patch(const std::string& body, Use use);

}  // namespace pinion::control
