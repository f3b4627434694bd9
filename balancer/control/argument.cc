// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/argument.h"

#include <algorithm>
#include <charconv>

namespace pinion::control {
namespace {

constexpr size_t kLongestEcho = 64;  // The most that an error repeats of what a client sent.

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

Result<Value> parse_limit(std::string_view text) {
  const auto number = parse_digits(text);
  if (number && *number >= 1 && *number <= 100'000) return Value(*number);
  return expected("an integer from 1 to 100000", text);
}

Result<Value> parse_name(std::string_view text) {
  if (text.empty()) return refusal("expected a name, got nothing");
  return Value(std::string(text));
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

Result<Value> parse_listener(std::string_view text) {
  if (const auto listener = config::parse_listener(text)) return Value(*listener);
  return expected("a listener such as 192.0.2.80:80, 192.0.2.0/28:any/udp or [2001:db8::1]:443",
                  text);
}

Result<Value> parse_flag(std::string_view text) {
  if (text.empty() || text == "true") return Value(true);
  if (text == "false") return Value(false);
  return expected("true or false", text);
}

Result<Value> parse_state(std::string_view text) {
  if (find_state(text)) return Value(std::string(text));
  return expected(join(state_words()), text);
}

Result<Value> parse_server(std::string_view text) {
  const size_t equals = std::min(text.find('='), text.size());
  const auto name = parse_server_name(text.substr(0, equals));
  if (!name) return name.error();
  config::Server server;
  server.address = std::get<config::ServerName>(*name).address;
  server.port = std::get<config::ServerName>(*name).port;
  if (equals < text.size()) {
    const std::string_view weight = text.substr(equals + 1);
    if (auto right = check_text(config::kWeight, weight); !right) return right.error();
    server.weight = *config::kWeight.parse(weight);
  }
  return Value(server);
}

Words words_of(const config::Syntax& syntax) {
  return &syntax == &config::kScheduler ? scheduler_words() : Words(syntax.words);
}

std::string text_of(const std::string& text) { return text; }
std::string text_of(uint64_t number) { return std::to_string(number); }
std::string text_of(bool flag) { return flag ? "yes" : "no"; }
std::string text_of(const Prefix& prefix) { return host_or_prefix(prefix); }
std::string text_of(const config::ServerName& name) { return config::to_string(name); }
std::string text_of(const config::Listener& listener) { return log_text(listener); }
std::string text_of(const config::Server& server) { return log_text(server); }

}  // namespace

bool is_option(const Argument& argument) {
  return argument.form != Form::kWord && argument.form != Form::kOptionalWord;
}

bool is_required(const Argument& argument) { return argument.form == Form::kWord; }

std::string field_of(const Argument& argument) {
  return argument.field.empty() ? argument.name : argument.field;
}

std::string placeholder(const Argument& argument) {
  switch (argument.type) {
    case ValueType::kService:
      return "SERVICE";
    case ValueType::kServer:
      return "ADDRESS[:PORT]";
    case ValueType::kPrefix:
      return "PREFIX";
    case ValueType::kLimit:
      return "N";
    case ValueType::kInterval:
      return "TIME";
    case ValueType::kFlag:
      return "";
    case ValueType::kState:
      return "STATE";
    case ValueType::kFile:
      return "FILE";
    case ValueType::kScalar:
      return std::string(argument.syntax->placeholder);
    case ValueType::kListener:
      return "VIP:PORT[/PROTOCOL]";
    case ValueType::kNewServer:
      return "ADDRESS[:PORT][=WEIGHT]";
  }
  return "";
}

Words words_of(const Argument& argument) {
  if (argument.type == ValueType::kState) return state_words();
  return argument.syntax ? words_of(*argument.syntax) : Words();
}

Result<> check_text(const config::Syntax& syntax, std::string_view text) {
  const Words words = words_of(syntax);
  const bool is_word = words.empty() || std::find(words.begin(), words.end(), text) != words.end();
  if (is_word && !syntax.refuse(text)) return {};
  return expected(words.empty() ? syntax.expected : join(words), text);
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

Result<Value> parse_value(const Argument& argument, std::string_view text) {
  switch (argument.type) {
    case ValueType::kService:
    case ValueType::kFile:
      return parse_name(text);
    case ValueType::kServer:
      return parse_server_name(text);
    case ValueType::kPrefix:
      return parse_prefix(text);
    case ValueType::kLimit:
      return parse_limit(text);
    case ValueType::kInterval:
      return parse_interval(text);
    case ValueType::kFlag:
      return parse_flag(text);
    case ValueType::kState:
      return parse_state(text);
    case ValueType::kListener:
      return parse_listener(text);
    case ValueType::kNewServer:
      return parse_server(text);
    case ValueType::kScalar:
      break;
  }
  if (auto right = check_text(*argument.syntax, text); !right) return right.error();
  return Value(std::string(text));
}

std::map<std::string, std::string> Arguments::texts() const {
  std::map<std::string, std::string> texts;
  for (const auto& [field, value] : values_)
    texts.emplace(field, std::visit([](const auto& one) { return text_of(one); }, value));
  const auto add_said = [&](const auto& body) {
    if constexpr (requires { body.said; })
      for (const auto& [field, text] : body.said) texts.emplace(field, text);
  };
  std::visit(add_said, body_);
  return texts;
}

}  // namespace pinion::control
