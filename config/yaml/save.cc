// SPDX-License-Identifier: Apache-2.0
#include "config/yaml/save.h"

#include <algorithm>
#include <array>

#include "config/characters.h"
#include "config/yaml/writer.h"

namespace pinion::config {
namespace {

// Words that YAML 1.1 reads as a boolean or as null.
constexpr std::array<std::string_view, 10> kWords = {"true", "false", "yes", "no",   "on",
                                                     "off",  "y",     "n",   "null", "none"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_word(std::string value) {
  std::transform(value.begin(), value.end(), value.begin(),
                 [](char c) { return static_cast<char>(is_letter(c) ? c | 0x20 : c); });
  return std::find(kWords.begin(), kWords.end(), value) != kWords.end();
}

bool needs_quotes(const std::string& value, bool text) {
  if (value.empty() || !consists_of_letters_digits(value, "_./:-")) return true;
  if (value.front() == ':' || value.front() == '-' || value.back() == ':') return true;
  if (text) return !(is_letter(value.front()) || value.front() == '/') || is_word(value);
  // YAML 1.1 reads 1:2:3:4:5:6:7:8 as a number of base 60.
  return value.find(':') != std::string::npos &&
         value.find_first_not_of("0123456789:") == std::string::npos;
}

template <typename T>
std::string block(const T& value, const std::string& indent);

template <typename T, typename Key>
std::string block_member(const Key& key, const T& value, const std::string& indent) {
  return indent + std::string(key.name) + ": " + flow_member(key, value) + "\n";
}

template <typename T, typename V>
std::string block_member(const MappingKey<T, V>& key, const T& value, const std::string& indent) {
  const std::string name = indent + std::string(key.name) + ":";
  if constexpr (is_flat<V>())
    return name + " " + flow_member(key, value) + "\n";
  else
    return name + "\n" + block(value.*key.member, indent + "  ");
}

template <typename T, typename V>
std::string block_member(const MappingsKey<T, V>& key, const T& value, const std::string& indent) {
  std::string result = indent + std::string(key.name) + ":\n";
  for (const V& element : value.*key.member) {
    const std::string dash = indent + "  - ";
    if constexpr (is_flat<V>()) {
      result += dash + flow(element) + "\n";
    } else {
      const std::string deeper(dash.size(), ' ');
      result += dash + block(element, deeper).substr(deeper.size());
    }
  }
  return result;
}

template <typename T>
std::string block(const T& value, const std::string& indent) {
  std::string result;
  for_each_said(value, [&](const auto& key) { result += block_member(key, value, indent); });
  return result;
}

}  // namespace

std::string yaml_scalar(const std::string& value, bool text) {
  if (!needs_quotes(value, text)) return value;
  std::string result = "\"";
  for (const char c : value) {
    if (c == '\n') {
      result += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

std::string to_yaml(const Config& config) {
  std::string result;
  for_each_said(config, [&](const auto& key) {
    result += (result.empty() ? "" : "\n") + block_member(key, config, "");
  });
  return result.empty() ? "{}\n" : result;
}

}  // namespace pinion::config
