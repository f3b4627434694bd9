// SPDX-License-Identifier: Apache-2.0
// What a request says about a service or a server: some of the keys in config/keys.h. It makes a
// new one, or changes one that exists.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "balancer/control/refusal.h"
#include "config/keys.h"

namespace pinion::control {

enum class Use { kAdd, kSet };

template <typename T>
struct Patch {
  T values;  // Holds what is said; all else has its default.
  // The fields that are said, with their texts, in the order of the table: "tunnel.type", "gre".
  std::vector<std::pair<std::string, std::string>> said;

  bool says(std::string_view field) const {
    return std::any_of(said.begin(), said.end(),
                       [&](const auto& each) { return each.first == field; });
  }
};

// Reads the JSON text of a request's body. Refuses, by name, fields that are unknown, of the wrong
// type, out of range, missing (kAdd) or fixed (kSet). T is config::Service or config::Server.
template <typename T>
Outcome<Patch<T>> read_patch(const std::string& body, Use use);

// Refuses a body that has any field.
Outcome<> expect_no_fields(const std::string& body);

// The text of an element in the log: "10.0.0.1:80/tcp", "10.0.0.2=1".
std::string log_text(const config::Listener& listener);
std::string log_text(const config::Server& server);

// Copies the keys below `prefix` that the patch says from `from` to `to`.
template <typename T, typename Root>
void take_said(const Patch<Root>& patch, const std::string& prefix, const T& from, T& to) {
  config::for_each_key<T>([&](const auto& key) {
    const std::string field = prefix + std::string(key.name);
    if constexpr (requires { key.list; }) {
      if (!patch.says(field)) return;
      if ((to.*key.list).empty()) (to.*key.list).emplace_back();
      (to.*key.list).front().*key.member = (from.*key.list).front().*key.member;
    } else if constexpr (requires { key.option; }) {
      if (patch.says(field)) to.*key.member = from.*key.member;
    } else {
      take_said(patch, field + ".", from.*key.member, to.*key.member);
    }
  });
}

// REQUIRES: if `to` has several listeners, the patch says no VIP, port or protocol.
template <typename T>
void apply(const Patch<T>& patch, T& to) {
  take_said(patch, "", patch.values, to);
}

}  // namespace pinion::control
