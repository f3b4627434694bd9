// SPDX-License-Identifier: Apache-2.0
// What a row of the tables in keys.h can be, and says.
#pragma once

#include <string_view>
#include <tuple>
#include <vector>

#include "config/codecs.h"

namespace pinion::config {

enum class Presence { kOptional, kRequired };

// An optional value that is absent: in JSON it is null, or its field is left out.
enum class Absent { kNull, kLeftOut };

// How a key of a service or a server is given at run time: by pinionctl and the control API.
struct Option {
  std::string_view help;  // One line, without a full stop. `add` shows the default behind it.
  std::string_view set_help = {};  // What `set` says instead, where that is something else.
  // Only `add` takes it. What to do instead, where somebody wants to change it.
  std::string_view instead_of_set = {};
  bool is_word = false;  // pinionctl takes it as a word, without "--name".
};

// Four shapes of values: a scalar, a list of scalars, a mapping, a list of mappings; and short for
// a list of one mapping, that one's scalars beside it.
template <typename T, typename V>
struct ScalarKey {
  std::string_view name;
  V T::*member;
  const Codec<V>* codec;
  Presence presence = Presence::kOptional;
  Absent absent = Absent::kNull;
  std::string_view alias = {};  // Read as `name`, never written.
  Option option = {};

  // The row with more said about it.
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
  Absent absent = Absent::kNull;  // kLeftOut: where all of it is absent.
};

template <typename T, typename V>
struct MappingsKey {
  std::string_view name;  // A plural: pinionctl takes one element with each --singular.
  std::vector<V> T::*member;
  bool has_short_form = false;  // Of one element, and written so: see ShortKey.
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
  Presence presence = Presence::kOptional;  // Where the list is not there.
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

// Each key of E, short for the list of one E.
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
