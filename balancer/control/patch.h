// SPDX-License-Identifier: Apache-2.0
// What a request says of a service or a server: some keys of the table in config/keys.h. A new one
// is made of it, or one that is there is changed by it.
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
  T values;  // What is said is in it; all else has its default.
  // The fields that are said, in the order of the table, and their texts: "tunnel.type", "gre".
  std::vector<std::pair<std::string, std::string>> said;

  bool says(std::string_view field) const {
    return std::any_of(said.begin(), said.end(),
                       [&](const auto& each) { return each.first == field; });
  }
};

// Reads the JSON text of a request's body. What is unknown, of another type or out of range is
// refused by name, and so is what is missing (kAdd) or cannot be changed (kSet).
// T is config::Service or config::Server.
template <typename T>
Outcome<Patch<T>> read_patch(const std::string& body, Use use);

// What a body says that nothing is expected of.
Outcome<> expect_no_fields(const std::string& body);

// A line of the log: "10.0.0.1:80/tcp", "10.0.0.2=1".
std::string log_text(const config::Listener& listener);
std::string log_text(const config::Server& server);

// Takes the keys of `said`, which are below `prefix`, from one value to the other.
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

// REQUIRES: where `to` has several listeners, the patch says no VIP, port or protocol.
template <typename T>
void apply(const Patch<T>& patch, T& to) {
  take_said(patch, "", patch.values, to);
}

}  // namespace pinion::control
