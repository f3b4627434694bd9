// SPDX-License-Identifier: Apache-2.0
// The arguments of verbs. One row describes an argument for the command line, HTTP, help,
// completion and manual, and how its text is read. Client and daemon read it with the same
// function, so that the client finds a typing error before it sends anything.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "balancer/base/net.h"
#include "balancer/control/keywords.h"
#include "balancer/control/patch.h"
#include "balancer/control/refusal.h"
#include "config/codecs.h"
#include "config/config.h"

namespace pinion::control {

// Where the argument is in a request. kClient: the client does not send it.
enum class In { kPath, kQuery, kBody, kClient };

// How it is written on the command line: WORD, [WORD], [--option X], [--option X]...
enum class Form { kWord, kOptionalWord, kOption, kRepeatedOption };

enum class ValueType {
  kService,   // The name of a service.
  kServer,    // A real server: "10.0.0.1" or "10.0.0.1:8080".
  kPrefix,    // "10.0.0.0/8" or an address.
  kLimit,     // 1 to 100000
  kInterval,  // "1s", "500ms": up to a minute.
  kFlag,
  kState,
  kFile,
  kScalar,     // A key of a service or a server, in the syntax of its codec.
  kListener,   // "10.0.0.1:80" or "10.0.0.0/28:any/udp"; in JSON {"vip": ..., "port": ...}.
  kNewServer,  // "10.0.0.1" or "10.0.0.1:8080=5"; in JSON {"address": "10.0.0.1", "weight": 5}.
};

struct Argument {
  std::string name;  // "weight", "tunnel-type"
  In in;
  Form form;
  ValueType type;
  std::string help;
  std::string field = {};                  // In JSON: "tunnel.type". "": the same as the name.
  const config::Syntax* syntax = nullptr;  // Of a kScalar only.
};

bool is_option(const Argument& argument);  // "--weight N" rather than a word.
bool is_required(const Argument& argument);
std::string field_of(const Argument& argument);     // In JSON and in a query: "tunnel.type".
std::string placeholder(const Argument& argument);  // "ADDRESS"; "" for a flag.
Words words_of(const Argument& argument);           // The keywords that it may be, if any.

// Whether a scalar can be read. The error is "expected ..., got ..."; the caller adds the name.
Result<> check_text(const config::Syntax& syntax, std::string_view text);

// Scalars, names and states remain text once they are checked. An interval is in milliseconds.
using Value = std::variant<std::string, uint64_t, bool, Prefix, config::ServerName,
                           config::Listener, config::Server>;

// Its errors are like those of check_text().
Result<Value> parse_value(const Argument& argument, std::string_view text);
Result<Value> parse_interval(std::string_view text);

// The body of a request.
using Body = std::variant<std::monostate, Patch<config::Service>, Patch<config::Server>>;

// The arguments of one request, checked; required ones are there.
class Arguments {
 public:
  void set(std::string field, Value value) { values_[std::move(field)] = std::move(value); }
  void set(Body body) { body_ = std::move(body); }
  bool has(std::string_view field) const { return values_.contains(field); }

  template <typename T>
  std::optional<T> get(std::string_view field) const {
    const auto found = values_.find(field);
    if (found == values_.end()) return {};
    return std::get<T>(found->second);
  }
  bool flag(std::string_view field) const { return get<bool>(field).value_or(false); }

  // REQUIRES: the verb's body is one of T.
  template <typename T>
  const Patch<T>& patch() const {
    return std::get<Patch<T>>(body_);
  }

  // Each field with its text, for the log; a long list is cut.
  std::map<std::string, std::string> texts() const;

 private:
  std::map<std::string, Value, std::less<>> values_;
  Body body_;
};

}  // namespace pinion::control
