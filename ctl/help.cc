// SPDX-License-Identifier: Apache-2.0
#include "ctl/help.h"

#include <algorithm>
#include <utility>

namespace pinion::ctl {
namespace {

using control::Form;
using Rows = std::vector<std::pair<std::string, std::string>>;

std::string with_placeholder(std::string name, std::string_view placeholder) {
  return placeholder.empty() ? name : name + " " + std::string(placeholder);
}

std::string usage_of(const Argument& argument) {
  const std::string text = is_option(argument)
                               ? with_placeholder(label(argument), placeholder(argument))
                               : placeholder(argument);
  if (is_required(argument)) return text;
  return "[" + text + "]" + (argument.form == Form::kRepeatedOption ? "..." : "");
}

std::string keywords(const Argument& argument) {
  const auto words = words_of(argument);
  return words.empty() ? "" : ": " + control::join(words);
}

std::string section(std::string_view title, const Rows& rows) {
  if (rows.empty()) return "";
  size_t width = 0;
  for (const auto& [name, text] : rows) width = std::max(width, name.size());
  std::string lines = "\n" + std::string(title) + ":\n";
  for (const auto& [name, text] : rows)
    lines += "  " + name + std::string(width - name.size() + 2, ' ') + text + "\n";
  return lines;
}

Rows arguments_of(const Verb& verb, bool options) {
  Rows rows;
  for (const Argument& argument : verb.arguments)
    if (is_option(argument) == options)
      rows.emplace_back(options ? with_placeholder(label(argument), placeholder(argument))
                                : placeholder(argument),
                        std::string(argument.help) + keywords(argument));
  return rows;
}

Rows global_rows() {
  Rows rows;
  for (const GlobalOption& option : global_options())
    rows.emplace_back(with_placeholder("--" + std::string(option.name), option.placeholder),
                      option.help);
  return rows;
}

}  // namespace

std::string synopsis(const Verb& verb) {
  std::string text(verb.words);
  for (const Argument& argument : verb.arguments) text += " " + usage_of(argument);
  return text;
}

std::string help(const Verb& verb) {
  return "pinionctl " + std::string(verb.words) + ": " + std::string(verb.help) +
         "\n\nUsage: pinionctl " + synopsis(verb) + "\n" +
         section("Arguments", arguments_of(verb, false)) +
         section("Options", arguments_of(verb, true)) + section("Every verb takes", global_rows()) +
         "\nExample:\n  " + std::string(verb.example) + "\n";
}

std::string help(std::string_view words) {
  Rows rows;
  for (const Verb& verb : control::verbs())
    if (words.empty() || verb.words.starts_with(std::string(words) + " "))
      rows.emplace_back(verb.words, verb.help);
  return "pinionctl: control the Pinion load balancer\n\n"
         "Usage: pinionctl [--socket PATH] [--output table|json] VERB ...\n" +
         section("Verbs", rows) + section("Every verb takes", global_rows()) +
         "\n'pinionctl VERB --help' says what a verb takes, with an example.\n"
         "Exit status: 0 done, 1 refused, 2 wrong usage, 3 no daemon.\n";
}

}  // namespace pinion::ctl
