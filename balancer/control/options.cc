// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/options.h"

#include <algorithm>

#include "config/keys.h"

namespace pinion::control {
namespace {

// "tunnel-type" for "tunnel.type".
std::string option_name(std::string field) {
  std::replace_if(
      field.begin(), field.end(), [](char c) { return c == '.' || c == '_'; }, '-');
  return field;
}

// Whether the default of a key is the service's value.
template <typename T>
constexpr bool kFollowsService =
    std::is_same_v<T, config::Server> || std::is_same_v<T, config::ServerTunnel>;

template <typename T, typename V>
std::string default_of(const config::ScalarKey<T, V>& key) {
  if (key.presence == config::Presence::kRequired) return "";
  const std::string text = key.codec->format(T{}.*key.member);
  return text.empty() && kFollowsService<T> ? "the service's" : text;
}
template <typename T, typename E, typename V>
std::string default_of(const config::ShortKey<T, E, V>& key) {
  return key.presence == config::Presence::kRequired ? "" : key.codec->format(E{}.*key.member);
}
template <typename T, typename V>
std::string default_of(const config::MappingsKey<T, V>&) {
  return "";
}

template <typename Key>
std::string help_of(const Key& key, Use use) {
  const config::Option& option = key.option;
  if (use == Use::kSet) return std::string(option.set_help.empty() ? option.help : option.set_help);
  const std::string value = default_of(key);
  return std::string(option.help) + (value.empty() ? "" : " (default " + value + ")");
}

template <typename Key>
Form form_of(const Key& key) {
  if (!key.option.is_word) return Form::kOption;
  return key.presence == config::Presence::kRequired ? Form::kWord : Form::kOptionalWord;
}

ValueType element_type(const config::Listener*) { return ValueType::kListener; }
ValueType element_type(const config::Server*) { return ValueType::kNewServer; }

template <typename Key>
Argument argument_of(const Key& key, const std::string& field, Use use) {
  return {option_name(field), In::kBody, form_of(key), ValueType::kScalar,
          help_of(key, use),  field,     key.codec};
}
template <typename T, typename V>
Argument argument_of(const config::MappingsKey<T, V>& key, const std::string& field, Use use) {
  return {option_name(field.substr(0, field.size() - 1)), In::kBody,         Form::kRepeatedOption,
          element_type(static_cast<const V*>(nullptr)),   help_of(key, use), field};
}

// Calls `visit` with each row of T that `use` allows, and its field; descends into mappings.
template <typename T, typename Visit>
void for_each_option(const std::string& prefix, Use use, Visit&& visit) {
  config::for_each_key<T>([&](const auto& key) {
    const std::string field = prefix + std::string(key.name);
    if constexpr (requires { key.option; }) {
      if (use == Use::kAdd || key.option.instead_of_set.empty()) visit(key, field);
    } else {
      using Inner = std::remove_cvref_t<decltype(T{}.*key.member)>;
      for_each_option<Inner>(field + ".", use, visit);
    }
  });
}

}  // namespace

template <typename T>
std::vector<Argument> with_options(std::vector<Argument> first, Use use) {
  for_each_option<T>("", use, [&](const auto& key, const std::string& field) {
    first.push_back(argument_of(key, field, use));
  });
  std::stable_partition(first.begin(), first.end(), [](const Argument& argument) {
    return argument.form != Form::kRepeatedOption;
  });
  return first;
}
template std::vector<Argument> with_options<config::Service>(std::vector<Argument>, Use);
template std::vector<Argument> with_options<config::Server>(std::vector<Argument>, Use);

template <typename T>
std::vector<std::string> fields_of(Use use) {
  std::vector<std::string> fields;
  for_each_option<T>("", use,
                     [&](const auto&, const std::string& field) { fields.push_back(field); });
  return fields;
}
template std::vector<std::string> fields_of<config::Service>(Use);
template std::vector<std::string> fields_of<config::Server>(Use);
template std::vector<std::string> fields_of<config::Listener>(Use);

}  // namespace pinion::control
