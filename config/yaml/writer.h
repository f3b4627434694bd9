// SPDX-License-Identifier: Apache-2.0
// Values -> YAML by the tables of keys.h, without defaults. A mapping that has only scalars is
// written on one line, in braces; so is a server.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "config/keys.h"
#include "config/yaml/reader.h"

namespace pinion::config {

// The scalar as YAML text, in quotes if a reader of YAML 1.1 or 1.2 could take it for something
// else: for a number or a boolean (if `text`), or for a sexagesimal number (an address).
std::string yaml_scalar(const std::string& value, bool text);

template <typename V>
std::string yaml_of(const Codec<V>& codec, const V& value) {
  return yaml_scalar(codec.format(value), codec.text);
}

// The value that a file need not mention.
template <typename T>
T unsaid(const T&) {
  return {};
}
inline Service unsaid(const Service& service) {
  Service silent;
  silent.name = default_name(service);
  return silent;
}

// Whether T is written on one line.
template <typename T>
constexpr bool is_flat() {
  if (std::is_same_v<T, Server>) return true;
  bool flat = true;
  for_each_key<T>([&](const auto& key) {
    flat = flat && requires { key.codec; };
  });
  return flat;
}

// Whether a key has to be written. A single element with a short form is written in that.
template <typename Key, typename T>
bool is_said(const Key& key, const T& value, const T& silent) {
  return is_required(key) || value.*key.member != silent.*key.member;
}
template <typename T, typename V>
bool is_said(const MappingsKey<T, V>& key, const T& value, const T& silent) {
  return value.*key.member != silent.*key.member &&
         !(key.has_short_form && (value.*key.member).size() == 1);
}
template <typename T, typename E, typename V>
bool is_said(const ShortKey<T, E, V>& key, const T& value, const T&) {
  const std::vector<E>& list = value.*key.list;
  return list.size() == 1 && (is_required(key) || list[0].*key.member != E{}.*key.member);
}

// Calls `visit` with the row of each key that has to be written.
template <typename T, typename Visit>
void for_each_said(const T& value, Visit&& visit) {
  const T silent = unsaid(value);
  for_each_key<T>([&](const auto& key) {
    if (is_said(key, value, silent)) visit(key);
  });
}

template <typename List, typename Write>
std::string yaml_list(const List& list, Write&& write) {
  std::string result;
  for (const auto& element : list) result += (result.empty() ? "" : ", ") + write(element);
  return "[" + result + "]";
}

template <typename T>
std::string flow(const T& value);

template <typename T, typename V>
std::string flow_member(const ScalarKey<T, V>& key, const T& value) {
  return yaml_of(*key.codec, value.*key.member);
}
template <typename T, typename V>
std::string flow_member(const ScalarsKey<T, V>& key, const T& value) {
  return yaml_list(value.*key.member, [&](const V& v) { return yaml_of(*key.codec, v); });
}
template <typename T, typename V>
std::string flow_member(const MappingKey<T, V>& key, const T& value) {
  return flow(value.*key.member);
}
template <typename T, typename V>
std::string flow_member(const MappingsKey<T, V>& key, const T& value) {
  return yaml_list(value.*key.member, [](const V& v) { return flow(v); });
}

template <typename T, typename E, typename V>
std::string flow_member(const ShortKey<T, E, V>& key, const T& value) {
  return yaml_of(*key.codec, (value.*key.list)[0].*key.member);
}

// On one line: "{address: 10.0.0.1, weight: 2}".
template <typename T>
std::string flow(const T& value) {
  std::string result;
  for_each_said(value, [&](const auto& key) {
    result += (result.empty() ? "" : ", ") + std::string(key.name) + ": " + flow_member(key, value);
  });
  return "{" + result + "}";
}

}  // namespace pinion::config
