// SPDX-License-Identifier: Apache-2.0
#include "ctl/command_line.h"

#include <algorithm>

namespace pinion::ctl {
namespace {

constexpr GlobalOption kGlobalOptions[] = {
    {"socket", "PATH", "the daemon's socket (default PINION_SOCKET, or /run/pinion/control.sock)"},
    {"output", "FORMAT", "how answers look: table for people, json for scripts (default table)"},
    {"help", "", "what a verb does and takes, with an example"},
};

const GlobalOption* find_global(std::string_view name) {
  for (const GlobalOption& option : kGlobalOptions)
    if (option.name == name) return &option;
  return nullptr;
}

const Argument* find_option(const Verb* verb, std::string_view name) {
  if (!verb) return nullptr;
  for (const Argument& argument : verb->arguments)
    if (is_option(argument) && argument.name == name) return &argument;
  return nullptr;
}

std::vector<std::string_view> option_names(const Verb* verb) {
  std::vector<std::string_view> names;
  if (verb)
    for (const Argument& argument : verb->arguments)
      if (is_option(argument)) names.push_back(argument.name);
  for (const GlobalOption& option : kGlobalOptions) names.push_back(option.name);
  return names;
}

bool is_repeated(const Argument& argument) {
  return argument.form == control::Form::kRepeatedOption;
}

std::string option_hint(const Verb* verb, std::string_view name) {
  const std::string hint = control::hint_for(name, option_names(verb));
  // Only a close name is worth a line; help has the whole list.
  if (!hint.starts_with("did you mean '")) return "";
  return "did you mean '--" + hint.substr(std::string_view("did you mean '").size());
}

}  // namespace

std::span<const GlobalOption> global_options() { return kGlobalOptions; }

std::string CommandLine::get(std::string_view name, std::string_view fallback) const {
  const auto found = values.find(name);
  return found == values.end() ? std::string(fallback) : found->second.back();
}

std::string label(const Argument& argument) {
  return is_option(argument) ? "--" + std::string(argument.name) : placeholder(argument);
}

std::vector<std::string> following_words(std::string_view words) {
  const std::string prefix = words.empty() ? "" : std::string(words) + " ";
  std::vector<std::string> following;
  for (const Verb& verb : control::verbs()) {
    if (!verb.words.starts_with(prefix)) continue;
    const std::string_view rest = verb.words.substr(prefix.size());
    const std::string word(rest.substr(0, rest.find(' ')));
    if (std::find(following.begin(), following.end(), word) == following.end())
      following.push_back(word);
  }
  return following;
}

Usage Parser::wrong(std::string message, std::string hint) const {
  return {std::move(message), std::move(hint), line_.verb};
}

Parser::Step Parser::take(const std::string& argument) {
  if (const Argument* option = std::exchange(awaited_, nullptr)) return set(*option, argument);
  if (const GlobalOption* option = std::exchange(awaited_global_, nullptr))
    return set_global(*option, argument);
  if (!options_ended_ && argument == "--") {
    options_ended_ = true;
    return {};
  }
  if (!options_ended_ && argument.size() > 1 && argument[0] == '-') return take_option(argument);
  return take_word(argument);
}

Parser::Step Parser::take_option(const std::string& argument) {
  const size_t equals = std::min(argument.find('='), argument.size());
  std::string name = argument.substr(0, equals);
  if (name == "-h") name = "--help";
  if (name == "-o") name = "--output";
  name.erase(0, 2);
  const Argument* own =
      argument[1] == '-' || name != argument.substr(2) ? find_option(line_.verb, name) : nullptr;
  const GlobalOption* global = find_global(name);
  if (!own && !global)
    return wrong("no option '" + argument.substr(0, equals) + "'" +
                     (line_.verb ? " of '" + std::string(line_.verb->words) + "'" : ""),
                 option_hint(line_.verb, name));
  const bool takes_value =
      own ? own->type != control::ValueType::kFlag : !global->placeholder.empty();
  if (!takes_value && equals < argument.size()) return wrong("--" + name + " takes no value");
  if (takes_value && equals == argument.size()) {
    awaited_ = own;
    awaited_global_ = own ? nullptr : global;
    return {};
  }
  const std::string value = takes_value ? argument.substr(equals + 1) : "true";
  return own ? set(*own, value) : set_global(*global, value);
}

Parser::Step Parser::take_word(const std::string& word) {
  if (!line_.verb) return take_verb(word);
  const Argument* argument = next_word();
  if (!argument)
    return wrong("'" + std::string(line_.verb->words) + "' takes no further argument, got '" +
                 word + "'");
  return set(*argument, word);
}

Parser::Step Parser::take_verb(const std::string& word) {
  const auto known = following_words(line_.words);
  if (std::find(known.begin(), known.end(), word) == known.end()) {
    const std::vector<std::string_view> views(known.begin(), known.end());
    const std::string of = line_.words.empty() ? "" : " of '" + line_.words + "'";
    return wrong("no verb '" + word + "'" + of, control::hint_for(word, views));
  }
  line_.words += (line_.words.empty() ? "" : " ") + word;
  line_.verb = control::find_verb(line_.words);
  return {};
}

const Argument* Parser::next_word() const {
  if (!line_.verb) return nullptr;
  for (const Argument& argument : line_.verb->arguments)
    if (!is_option(argument) && !line_.has(argument.name)) return &argument;
  return nullptr;
}

Parser::Step Parser::set(const Argument& argument, const std::string& value) {
  if (const auto parsed = parse_value(argument, value); !parsed) {
    const std::string hint = control::hint_for(value, words_of(argument));
    return wrong(label(argument) + ": " + parsed.error().message(),
                 hint.starts_with("did you mean") ? hint : "");
  }
  auto& values = line_.values[std::string(argument.name)];
  if (!values.empty() && !is_repeated(argument)) return wrong(label(argument) + " is given twice");
  values.push_back(value);
  return {};
}

Parser::Step Parser::set_global(const GlobalOption& option, const std::string& value) {
  const std::string name = "--" + std::string(option.name);
  if (value.empty()) return wrong(name + ": expected " + std::string(option.placeholder));
  if (option.name == "output" && value != "table" && value != "json")
    return wrong(name + ": expected table or json, got '" + value + "'");
  line_.values[std::string(option.name)] = {value};
  return {};
}

Parser::Step Parser::finish() const {
  if (awaited_) return wrong(label(*awaited_) + " needs a value: " + placeholder(*awaited_));
  if (awaited_global_)
    return wrong("--" + std::string(awaited_global_->name) +
                 " needs a value: " + std::string(awaited_global_->placeholder));
  if (!line_.verb) {
    const auto known = following_words(line_.words);
    const std::vector<std::string_view> views(known.begin(), known.end());
    if (line_.words.empty()) return wrong("no verb is given");
    return wrong("'" + line_.words + "' needs one more word", control::join(views));
  }
  for (const Argument& argument : line_.verb->arguments)
    if (is_required(argument) && !line_.has(argument.name))
      return wrong("'" + std::string(line_.verb->words) + "' needs " +
                   (is_option(argument) ? label(argument) + " " : "") + placeholder(argument) +
                   " (" + std::string(argument.help) + ")");
  return {};
}

Result<CommandLine, Usage> parse(std::span<const std::string> arguments) {
  Parser parser;
  for (const std::string& argument : arguments) {
    auto taken = parser.take(argument);
    // --help is answered whatever else is wrong.
    if (!taken && std::find(arguments.begin(), arguments.end(), "--help") == arguments.end())
      return taken.error();
  }
  if (parser.line().has("help")) return parser.line();
  if (auto finished = parser.finish(); !finished) return finished.error();
  return parser.line();
}

}  // namespace pinion::ctl
