// SPDX-License-Identifier: Apache-2.0
// The kinds of rows in the tables of keys.h, and their columns.
#pragma once

#include <string_view>
#include <tuple>
#include <vector>

#include "config/codecs.h"

namespace pinion::config {

enum class Presence { kOptional, kRequired };

// What JSON has for an optional value that is absent: null, or no field.
enum class Absent { kNull, kLeftOut };

// How pinionctl and the control API set a key of a service or a server at run time.
struct Option {
  std::string_view help;           // One line, without a full stop. `add` appends the default.
  std::string_view set_help = {};  // The help of `set`, if it differs.
  // Not empty: only `add` takes the key, and this is what to do instead of setting it.
  std::string_view instead_of_set = {};
  bool is_word = false;  // pinionctl takes the value as a word, without "--name".
};

// A value is a scalar, a list of scalars, a mapping or a list of mappings. A ShortKey is a scalar
// of the only mapping in a list.
template <typename T, typename V>
struct ScalarKey {
  std::string_view name;
  V T::*member;
  const Codec<V>* codec;
  Presence presence = Presence::kOptional;
  Absent absent = Absent::kNull;
  std::string_view alias = {};  // Read as `name`, never written.
  Option option = {};

  // Copies of the row with one more column set.
  constexpr ScalarKey with(Option more) const {
    ScalarKey row = *this;
    row.option = more;
    return row;
  }
  constexpr ScalarKey or_called(std::string_view other) const {
    ScalarKey row = *this;
    row.alias = other;
    return row;
  }
  constexpr ScalarKey left_out() const {
    ScalarKey row = *this;
    row.absent = Absent::kLeftOut;
    return row;
  }
};

template <typename T, typename V>
struct ScalarsKey {
  std::string_view name;
  std::vector<V> T::*member;
  const Codec<V>* codec;
};

template <typename T, typename V>
struct MappingKey {
  std::string_view name;
  V T::*member;
  Absent absent = Absent::kNull;  // kLeftOut: if all of its values are absent.
};

template <typename T, typename V>
struct MappingsKey {
  std::string_view name;  // A plural: pinionctl takes one element with each --singular.
  std::vector<V> T::*member;
  bool has_short_form = false;  // A single element is written in short form: see ShortKey.
  Option option = {};
};

// A key of the only element of a list: `vip: 192.0.2.80` says what `listeners: [{vip: ...}]` does.
template <typename T, typename E, typename V>
struct ShortKey {
  std::string_view name;
  std::vector<E> T::*list;
  std::string_view list_name;
  V E::*member;
  const Codec<V>* codec;
  Presence presence = Presence::kOptional;  // If the list is absent.
  Option option = {};
};

template <typename T, typename V>
constexpr ScalarKey<T, V> scalar(std::string_view name, V T::*member, const Codec<V>& codec,
                                 Presence presence = Presence::kOptional) {
  return {name, member, &codec, presence};
}

template <typename T, typename V>
constexpr ScalarsKey<T, V> scalars(std::string_view name, std::vector<V> T::*member,
                                   const Codec<V>& codec) {
  return {name, member, &codec};
}

template <typename T, typename V>
constexpr MappingKey<T, V> mapping(std::string_view name, V T::*member,
                                   Absent absent = Absent::kNull) {
  return {name, member, absent};
}

template <typename T, typename V>
constexpr MappingsKey<T, V> mappings(std::string_view name, std::vector<V> T::*member,
                                     Option option = {}) {
  return {name, member, false, option};
}

template <typename T, typename V>
constexpr MappingsKey<T, V> mappings_or_short(std::string_view name, std::vector<V> T::*member,
                                              Option option) {
  return {name, member, true, option};
}

template <typename T>
inline constexpr std::tuple<> kKeys{};

// A ShortKey for each key of E.
template <typename T, typename E>
constexpr auto short_form_of(std::string_view list_name, std::vector<E> T::*list) {
  return std::apply(
      [&]<typename... V>(const ScalarKey<E, V>&... key) {
        return std::tuple{ShortKey<T, E, V>{key.name, list, list_name, key.member, key.codec,
                                            key.presence, key.option}...};
      },
      kKeys<E>);
}

// Calls `visit` with each row of T's table, in order.
template <typename T, typename Visit>
constexpr void for_each_key(Visit&& visit) {
  std::apply([&](const auto&... key) { (visit(key), ...); }, kKeys<T>);
}

}  // namespace pinion::config
