// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/argument.h"

#include <algorithm>
#include <charconv>

#include "config/codecs.h"

namespace pinion::control {
namespace {

constexpr std::string_view kBooleans[] = {"true", "false"};
constexpr std::string_view kReturns[] = {"last_hop", "routed"};
constexpr size_t kLongestEcho = 64;  // Of what a client sent, in an error.

Error expected(std::string_view what, std::string_view got) {
  std::string text(got.substr(0, kLongestEcho));
  if (got.size() > kLongestEcho) text += "...";
  return refusal("expected " + std::string(what) + ", got '" + text + "'");
}

std::optional<uint64_t> parse_digits(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

Result<Value> parse_number(std::string_view text, uint64_t least, uint64_t most) {
  const auto number = parse_digits(text);
  if (number && *number >= least && *number <= most) return Value(*number);
  return expected("an integer from " + std::to_string(least) + " to " + std::to_string(most), text);
}

Result<Value> parse_name(std::string_view text) {
  if (text.empty()) return refusal("expected a name, got nothing");
  return Value(std::string(text));
}

Result<Value> parse_address(std::string_view text) {
  if (const auto address = Address::parse(text)) return Value(*address);
  return expected("an address such as 192.168.1.2 or 2001:db8::2", text);
}

Result<Value> parse_server_name(std::string_view text) {
  if (const auto name = config::parse_server_name(text)) return Value(*name);
  return expected("a real server such as 192.168.1.2, 192.168.1.2:8080 or [2001:db8::2]:8080",
                  text);
}

Result<Value> parse_prefix(std::string_view text) {
  if (const auto prefix = Prefix::parse(text)) return Value(*prefix);
  return expected("an address or a prefix such as 10.0.0.0/8", text);
}

Result<Value> parse_vip(std::string_view text) {
  if (const auto prefix = Prefix::parse(text)) return Value(*prefix);
  return expected("an address or prefix such as 192.168.1.2, 2001:db8::2 or 192.0.2.0/28", text);
}

Result<Value> parse_ports(std::string_view text) {
  if (const auto ports = Ports::parse(text)) return Value(*ports);
  return expected("a port from 1 to 65535, a range such as 8000-8100, or any", text);
}

Result<Value> parse_mss(std::string_view text) {
  if (const auto mss = config::kMss.parse(text)) return Value(uint64_t{*mss});
  return expected(config::kMss.expected, text);
}

Result<Value> parse_listener(std::string_view text) {
  if (const auto listener = config::parse_listener(text)) return Value(*listener);
  return expected("a listener such as 192.0.2.80:80, 192.0.2.0/28:any/udp or [2001:db8::1]:443",
                  text);
}

Result<Value> parse_interval(std::string_view text) {
  constexpr uint64_t kMost = 60'000;
  uint64_t unit = 1000;
  std::string_view digits = text;
  if (digits.ends_with("ms")) {
    unit = 1;
    digits.remove_suffix(2);
  } else if (digits.ends_with("s")) {
    digits.remove_suffix(1);
  }
  const auto number = parse_digits(digits);
  if (number && *number <= kMost && *number * unit <= kMost) return Value(*number * unit);
  return expected("a time from 0 to 60s, such as 1s or 500ms", text);
}

Result<Value> parse_flag(std::string_view text) {
  if (text.empty() || text == "true") return Value(true);
  if (text == "false") return Value(false);
  return expected("true or false", text);
}

Result<Value> parse_keyword(std::string_view text, Words words) {
  for (const std::string_view word : words)
    if (word == text) return Value(std::string(text));
  return expected(join(words), text);
}

Result<Value> parse_server(std::string_view text) {
  const size_t equals = std::min(text.find('='), text.size());
  const auto name = parse_server_name(text.substr(0, equals));
  if (!name) return name.error();
  config::Server server;
  server.address = std::get<config::ServerName>(*name).address;
  server.port = std::get<config::ServerName>(*name).port;
  if (equals < text.size()) {
    const auto weight = parse_value(Kind::kWeight, text.substr(equals + 1));
    if (!weight) return weight.error();
    server.weight = static_cast<uint32_t>(std::get<uint64_t>(*weight));
  }
  return Value(server);
}

constexpr size_t kMostInText = 16;

std::string text_of(const std::string& text) { return text; }
std::string text_of(uint64_t number) { return std::to_string(number); }
std::string text_of(bool flag) { return flag ? "yes" : "no"; }
std::string text_of(const Address& address) { return address.to_string(); }
std::string text_of(const Prefix& prefix) { return host_or_prefix(prefix); }
std::string text_of(const config::ServerName& name) { return config::to_string(name); }
std::string text_of(const config::Server& server) {
  return config::to_string({server.address, server.port}) + "=" + std::to_string(server.weight);
}
std::string text_of(const Ports& ports) { return ports.to_string(); }
std::string text_of(const config::Listener& listener) { return config::to_string(listener); }
template <typename T>
std::string text_of(const std::vector<T>& values) {
  std::string text;
  for (size_t i = 0; i < std::min(values.size(), kMostInText); ++i)
    text += (i ? "," : "") + text_of(values[i]);
  if (values.size() <= kMostInText) return text;
  return text + " and " + std::to_string(values.size() - kMostInText) + " more";
}

}  // namespace

bool is_option(const Argument& argument) {
  return argument.form != Form::kWord && argument.form != Form::kOptionalWord;
}

bool is_required(const Argument& argument) {
  return argument.form == Form::kWord || argument.form == Form::kRequiredOption;
}

bool is_number(Kind kind) {
  return kind == Kind::kPort || kind == Kind::kWeight || kind == Kind::kLimit;
}

bool is_list(Kind kind) { return kind == Kind::kNewServer || kind == Kind::kListener; }

std::string field_of(const Argument& argument) {
  std::string field(argument.name);
  const char dash = field.starts_with("tunnel-") ? '.' : '_';
  std::replace(field.begin(), field.end(), '-', dash);
  return field + (argument.form == Form::kRepeatedOption ? "s" : "");
}

std::string placeholder(const Argument& argument) {
  switch (argument.kind) {
    case Kind::kName:
      return "NAME";
    case Kind::kService:
      return "SERVICE";
    case Kind::kServer:
      return "ADDRESS[:PORT]";
    case Kind::kAddress:
      return "ADDRESS";
    case Kind::kPrefix:
      return "PREFIX";
    case Kind::kVip:
      return "VIP";
    case Kind::kPort:
      return "PORT";
    case Kind::kPorts:
      return "PORT|RANGE|any";
    case Kind::kListener:
      return "VIP:PORT[/PROTOCOL]";
    case Kind::kWeight:
    case Kind::kLimit:
      return "N";
    case Kind::kInterval:
      return "TIME";
    case Kind::kFlag:
      return "";
    case Kind::kState:
      return "STATE";
    case Kind::kScheduler:
      return "SCHEDULER";
    case Kind::kProtocol:
      return "PROTOCOL";
    case Kind::kForward:
      return "METHOD";
    case Kind::kTunnelType:
      return "TYPE";
    case Kind::kBoolean:
      return "true|false";
    case Kind::kReturn:
    case Kind::kClientAddress:
      return "HOW";
    case Kind::kMss:
      return "N|auto|off";
    case Kind::kNewServer:
      return "ADDRESS[:PORT][=WEIGHT]";
    case Kind::kFile:
      return "FILE";
  }
  return "";
}

Words words_of(Kind kind) {
  switch (kind) {
    case Kind::kState:
      return state_words();
    case Kind::kScheduler:
      return scheduler_words();
    case Kind::kProtocol:
      return protocol_words();
    case Kind::kForward:
      return forward_words();
    case Kind::kTunnelType:
      return tunnel_words();
    case Kind::kBoolean:
      return kBooleans;
    case Kind::kReturn:
      return kReturns;
    case Kind::kClientAddress:
      return client_address_words();
    default:
      return {};
  }
}

Result<Value> parse_value(Kind kind, std::string_view text) {
  switch (kind) {
    case Kind::kName:
    case Kind::kService:
    case Kind::kFile:
      return parse_name(text);
    case Kind::kServer:
      return parse_server_name(text);
    case Kind::kAddress:
      return parse_address(text);
    case Kind::kPrefix:
      return parse_prefix(text);
    case Kind::kVip:
      return parse_vip(text);
    case Kind::kPort:
      return parse_number(text, 1, 65535);
    case Kind::kPorts:
      return parse_ports(text);
    case Kind::kListener:
      return parse_listener(text);
    case Kind::kWeight:
      return parse_number(text, 0, 65535);
    case Kind::kLimit:
      return parse_number(text, 1, 100'000);
    case Kind::kInterval:
      return parse_interval(text);
    case Kind::kFlag:
    case Kind::kBoolean:
      return parse_flag(text);
    case Kind::kNewServer:
      return parse_server(text);
    case Kind::kMss:
      return parse_mss(text);
    case Kind::kState:
    case Kind::kScheduler:
    case Kind::kProtocol:
    case Kind::kForward:
    case Kind::kTunnelType:
    case Kind::kReturn:
    case Kind::kClientAddress:
      return parse_keyword(text, words_of(kind));
  }
  return refusal("unknown kind");
}

std::vector<std::pair<std::string_view, std::string>> Arguments::texts() const {
  std::vector<std::pair<std::string_view, std::string>> texts;
  for (const auto& [field, value] : values_)
    texts.emplace_back(field, std::visit([](const auto& one) { return text_of(one); }, value));
  return texts;
}

}  // namespace pinion::control
