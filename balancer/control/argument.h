// SPDX-License-Identifier: Apache-2.0
// What a verb takes: one row describes an argument for the command line, for HTTP, for help,
// completion and manual, and how its text is read. The client reads it with the same function as
// the daemon, so that a typing error is found before anything is sent.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "balancer/base/net.h"
#include "balancer/control/keywords.h"
#include "balancer/control/refusal.h"
#include "config/config.h"

namespace pinion::control {

// Where the argument stands in a request. kNowhere: the client keeps it to itself.
enum class Place { kPath, kQuery, kBody, kNowhere };

// How it is written on the command line: WORD, [WORD], [--option X], --option X, [--option X]...
enum class Form { kWord, kOptionalWord, kOption, kRequiredOption, kRepeatedOption };

enum class Kind {
  kName,     // Any text: a new service's name.
  kService,  // The name of a service.
  kServer,   // A real server: "10.0.0.1" or "10.0.0.1:8080".
  kAddress,
  kPrefix,    // "10.0.0.0/8" or an address.
  kPort,      // 1 to 65535
  kVip,       // An address, or a prefix of them: "192.0.2.0/28".
  kPorts,     // "80", "8000-8100" or "any"; in JSON a number, or a string.
  kWeight,    // 0 to 65535
  kLimit,     // 1 to 100000
  kInterval,  // "1s", "500ms": up to a minute.
  kFlag,
  kState,
  kScheduler,
  kProtocol,
  kForward,
  kTunnelType,
  kBoolean,  // "true" or "false"; as an option it takes one of them.
  kReturn,   // "last_hop" or "routed"
  kClientAddress,
  kMss,        // "auto", "off" or a number, in JSON too.
  kListener,   // "10.0.0.1:80" or "10.0.0.0/28:any/udp"; in JSON {"vip": ..., "port": ...}.
  kNewServer,  // "10.0.0.1" or "10.0.0.1:8080=5"; in JSON {"address": "10.0.0.1", "weight": 5}.
  kFile,
};

struct Argument {
  // "weight"; a repeated one is the array "servers" in JSON, and what is before a dash an object:
  // "tunnel-type" is {"tunnel": {"type": ...}}. But "client-address" is "client_address".
  std::string_view name;
  Place place;
  Form form;
  Kind kind;
  std::string_view help;
};

bool is_option(const Argument& argument);  // "--weight" rather than a word in its place.
bool is_required(const Argument& argument);
bool is_number(Kind kind);                          // A number in JSON.
bool is_list(Kind kind);                            // An array of objects in JSON.
std::string field_of(const Argument& argument);     // In JSON and in a query: "tunnel.type".
std::string placeholder(const Argument& argument);  // "ADDRESS"; "" for a flag.
Words words_of(Kind kind);  // What it may be, where that is a list of keywords.

// Keywords, names and states stay text once they are known to be right; an interval is a number of
// milliseconds.
using Value = std::variant<std::string, uint64_t, bool, Address, Prefix, config::ServerName, Ports,
                           config::Server, std::vector<config::Server>, config::Listener,
                           std::vector<config::Listener>>;

// The error is only "expected ..., got ...": what it is about is the caller's to say.
Result<Value> parse_value(Kind kind, std::string_view text);

// The arguments of one request. What has been required and checked is there.
class Arguments {
 public:
  void set(std::string field, Value value) { values_[std::move(field)] = std::move(value); }
  bool has(std::string_view field) const { return values_.contains(field); }

  template <typename T>
  std::optional<T> get(std::string_view field) const {
    const auto found = values_.find(field);
    if (found == values_.end()) return {};
    return std::get<T>(found->second);
  }
  bool flag(std::string_view field) const { return get<bool>(field).value_or(false); }

  // Each as its field and a text, for the log; of a long list the beginning.
  std::vector<std::pair<std::string_view, std::string>> texts() const;

 private:
  std::map<std::string, Value, std::less<>> values_;
};

// Reads the arguments of a verb: `path` has those of its path, in order. What is missing, unknown,
// of another type or out of range is refused by name.
Outcome<Arguments> read_arguments(std::span<const Argument> expected,
                                  const std::map<std::string, std::string>& path,
                                  const std::map<std::string, std::string>& query,
                                  const std::string& body);

}  // namespace pinion::control
