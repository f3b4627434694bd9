// SPDX-License-Identifier: Apache-2.0
// Config -> JSON by the tables of config/keys.h.
#include <algorithm>

#include "balancer/control/json.h"
#include "config/keys.h"

namespace pinion::control {
namespace {

template <typename T>
Json json_of(const T& value);

Json number(uint64_t value) { return value; }
Json number(Port port) { return port.value; }
Json number(std::chrono::milliseconds time) { return time.count(); }
Json number(const std::optional<Port>& port) { return number(*port); }

bool is_digits(const std::string& text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

template <typename V>
Json scalar(const config::Codec<V>& codec, const V& value) {
  const std::string text = codec.format(value);
  if (codec.json == config::JsonType::kBoolean) return text == "true";
  if (codec.json == config::JsonType::kIntegerOrText && is_digits(text)) return std::stoull(text);
  if constexpr (requires { number(value); })
    if (codec.json == config::JsonType::kInteger) return number(value);
  return text;
}

template <typename T, typename V>
Json member(const config::ScalarKey<T, V>& key, const T& value) {
  if constexpr (requires { (value.*key.member).has_value(); })
    if (!(value.*key.member).has_value()) return nullptr;
  return scalar(*key.codec, value.*key.member);
}

// JSON has times as numbers, so the name has their unit.
template <typename T, typename V>
std::string name_of(const config::MappingKey<T, V>& key) {
  return std::string(key.name) + (std::is_same_v<V, config::Timeouts> ? "_ms" : "");
}

template <typename T, typename V>
void add(Json& json, const config::ScalarKey<T, V>& key, const T& value) {
  Json field = member(key, value);
  if (field.is_null() && key.absent == config::Absent::kLeftOut) return;
  json[std::string(key.name)] = std::move(field);
}
template <typename T, typename V>
void add(Json& json, const config::ScalarsKey<T, V>& key, const T& value) {
  Json& list = json[std::string(key.name)] = Json::array();
  for (const V& element : value.*key.member) list.push_back(scalar(*key.codec, element));
}
template <typename T, typename V>
void add(Json& json, const config::MappingKey<T, V>& key, const T& value) {
  if (key.absent == config::Absent::kLeftOut && value.*key.member == V{}) return;
  json[name_of(key)] = json_of(value.*key.member);
}
template <typename T, typename V>
void add(Json& json, const config::MappingsKey<T, V>& key, const T& value) {
  Json& list = json[std::string(key.name)] = Json::array();
  for (const V& element : value.*key.member) list.push_back(json_of(element));
}
template <typename T, typename E, typename V>
void add(Json& json, const config::ShortKey<T, E, V>& key, const T& value) {
  const auto& list = value.*key.list;
  if (list.size() == 1) json[std::string(key.name)] = scalar(*key.codec, list[0].*key.member);
}

template <typename T>
Json json_of(const T& value) {
  Json json = Json::object();
  config::for_each_key<T>([&](const auto& key) { add(json, key, value); });
  return json;
}

}  // namespace

Json to_json(const config::Listener& listener) { return json_of(listener); }
Json to_json(const config::Tunnel& tunnel) { return json_of(tunnel); }
Json to_json(const config::Service& service) { return json_of(service); }
Json to_json(const Config& config) { return json_of(config); }

Json to_json(const std::vector<config::Difference>& differences) {
  Json array = Json::array();
  for (const config::Difference& difference : differences)
    array.push_back({{"path", difference.path},
                     {"file", difference.from.empty() ? Json() : Json(difference.from)},
                     {"live", difference.to.empty() ? Json() : Json(difference.to)}});
  return array;
}

}  // namespace pinion::control
