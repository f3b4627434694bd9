// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/read_arguments.h"

namespace pinion::control {
namespace {

using Texts = std::map<std::string, std::string>;

const Argument* find(const Verb& verb, In in, std::string_view field) {
  for (const Argument& argument : verb.arguments)
    if (argument.in == in && field_of(argument) == field) return &argument;
  return nullptr;
}

Refusal unknown_parameter(const Verb& verb, const std::string& field) {
  std::vector<std::string_view> known;
  for (const Argument& argument : verb.arguments)
    if (argument.in == In::kQuery) known.push_back(argument.name);
  return {400, "unknown parameter '" + field + "'", hint_for(field, known)};
}

Outcome<> read_texts(const Verb& verb, In in, const Texts& texts, Arguments& into) {
  for (const auto& [field, text] : texts) {
    const Argument* argument = find(verb, in, field);
    if (!argument) return unknown_parameter(verb, field);
    auto value = parse_value(*argument, text);
    if (!value) return Refusal{400, field + ": " + value.error().message(), ""};
    into.set(field, std::move(*value));
  }
  return {};
}

Outcome<> read_body(const Verb& verb, const std::string& text, Arguments& into) {
  if (!verb.read_body) return expect_no_fields(text);
  auto body = verb.read_body(text);
  if (!body) return body.error();
  into.set(std::move(*body));
  return {};
}

}  // namespace

Outcome<Arguments> read_arguments(const Verb& verb, const Texts& path, const Texts& query,
                                  const std::string& body) {
  Arguments arguments;
  if (auto read = read_texts(verb, In::kPath, path, arguments); !read) return read.error();
  if (auto read = read_texts(verb, In::kQuery, query, arguments); !read) return read.error();
  if (auto read = read_body(verb, body, arguments); !read) return read.error();
  return arguments;
}

}  // namespace pinion::control
