// SPDX-License-Identifier: Apache-2.0
#include "ctl/complete.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "balancer/base/http.h"

namespace pinion::ctl {
namespace {

using control::ValueType;
using nlohmann::json;
using Candidates = std::vector<std::string>;

// The member `field` of each row of the daemon's answer.
Candidates column(const std::optional<std::string>& answer, const char* rows, const char* field) {
  Candidates values;
  const json parsed = json::parse(answer.value_or(""), nullptr, false);
  if (!parsed.is_object() || !parsed.contains(rows)) return values;
  for (const auto& row : parsed[rows]) values.push_back(row.value(field, ""));
  return values;
}

// Its address, with its port if several servers share the address.
std::string name_of(const json& server, const json& all) {
  const auto has_address = [&](const json& other) { return other["address"] == server["address"]; };
  const std::string address = server.at("address");
  if (std::count_if(all.begin(), all.end(), has_address) < 2) return address;
  const json number = server.value("port", json());
  if (number.is_null()) return address;
  const std::string port = ":" + number.dump();
  return (address.find(':') != std::string::npos ? "[" + address + "]" : address) + port;
}

// A server that is leaving no longer belongs to a service: its name is only of use for connections.
Candidates servers(const CommandLine& line, const Fetch& fetch) {
  const std::string service = line.get("service");
  const std::string query = service.empty() ? "" : "?service=" + http::encode(service);
  const json parsed = json::parse(fetch(line, "/v1/servers" + query).value_or(""), nullptr, false);
  const bool of_service = line.words.starts_with("server");
  Candidates names;
  if (!parsed.is_object() || !parsed.contains("servers")) return names;
  for (const json& server : parsed["servers"])
    if (!of_service || !server.value("leaving", false))
      names.push_back(name_of(server, parsed["servers"]));
  return names;
}

Candidates values_of(const Argument& argument, const CommandLine& line, const Fetch& fetch) {
  if (argument.type == ValueType::kService)
    return column(fetch(line, "/v1/services"), "services", "name");
  if (argument.type == ValueType::kServer) return servers(line, fetch);
  const auto words = words_of(argument);
  return {words.begin(), words.end()};
}

Candidates values_of(const GlobalOption& option) {
  return option.name == "output" ? Candidates{"table", "json"} : Candidates{};
}

Candidates options_of(const CommandLine& line) {
  Candidates options;
  if (line.verb)
    for (const Argument& argument : line.verb->arguments)
      if (is_option(argument) &&
          (!line.has(argument.name) || argument.form == control::Form::kRepeatedOption))
        options.push_back(label(argument));
  for (const GlobalOption& option : global_options())
    if (!line.has(option.name)) options.push_back("--" + std::string(option.name));
  return options;
}

// `--option=` has been typed, and its value is wanted.
Candidates after_equals(Parser parser, const std::string& option, const Fetch& fetch) {
  // A failure leaves nothing awaited: no candidates.
  if (!parser.take(option)) return {};
  Candidates values;
  if (const Argument* argument = parser.awaited())
    values = values_of(*argument, parser.line(), fetch);
  if (const GlobalOption* global = parser.awaited_global()) values = values_of(*global);
  for (std::string& value : values) value = option + "=" + value;
  return values;
}

Candidates candidates(const Parser& parser, const std::string& begun, const Fetch& fetch) {
  const CommandLine& line = parser.line();
  if (const Argument* argument = parser.awaited()) return values_of(*argument, line, fetch);
  if (const GlobalOption* option = parser.awaited_global()) return values_of(*option);
  if (begun.starts_with('-') && !parser.options_ended()) {
    const size_t equals = begun.find('=');
    if (equals != std::string::npos) return after_equals(parser, begun.substr(0, equals), fetch);
    return options_of(line);
  }
  if (!line.verb) return following_words(line.words);
  const Argument* next = parser.next_word();
  return next ? values_of(*next, line, fetch) : options_of(line);
}

}  // namespace

std::vector<std::string> complete(std::span<const std::string> words, const Fetch& fetch) {
  if (words.empty()) return {};
  Parser parser;
  // Mistakes so far do not stop completion.
  for (const std::string& word : words.first(words.size() - 1))
    if (!parser.take(word)) continue;
  Candidates found = candidates(parser, words.back(), fetch);
  std::erase_if(found, [&](const std::string& each) { return !each.starts_with(words.back()); });
  return found;
}

}  // namespace pinion::ctl
