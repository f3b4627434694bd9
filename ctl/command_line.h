// SPDX-License-Identifier: Apache-2.0
// The command line of pinionctl, read against the table of verbs (control/verb.h).
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/control/verb.h"

namespace pinion::ctl {

using control::Argument;
using control::Verb;

// An option that every verb has.
struct GlobalOption {
  std::string_view name;         // "socket"
  std::string_view placeholder;  // "" if it takes no value.
  std::string_view help;
};
std::span<const GlobalOption> global_options();

struct CommandLine {
  const Verb* verb = nullptr;
  std::string words;  // The words of the verb so far: "service" alone stands for several.
  std::map<std::string, std::vector<std::string>, std::less<>> values;  // By argument or option.

  bool has(std::string_view name) const { return values.contains(name); }
  std::string get(std::string_view name, std::string_view fallback = "") const;
};

// What is wrong with a command line. `verb` is the one whose help is worth reading, if known.
struct Usage {
  std::string message;
  std::string hint;
  const Verb* verb = nullptr;
};

// Reads one argument after another. Completion asks it what can come next.
class Parser {
 public:
  using Step = Result<void, Usage>;

  Step take(const std::string& argument);
  // Checks that nothing is missing. REQUIRES: help was not asked for.
  Step finish() const;

  const CommandLine& line() const { return line_; }
  // The option whose value comes next: a verb's, or one of the global ones, or none.
  const Argument* awaited() const { return awaited_; }
  const GlobalOption* awaited_global() const { return awaited_global_; }
  // The argument that the next word would be, or nullptr.
  const Argument* next_word() const;
  bool options_ended() const { return options_ended_; }

 private:
  Step take_option(const std::string& argument);
  Step take_word(const std::string& word);
  Step take_verb(const std::string& word);
  Step set(const Argument& argument, const std::string& value);
  Step set_global(const GlobalOption& option, const std::string& value);
  Usage wrong(std::string message, std::string hint = "") const;

  CommandLine line_;
  const Argument* awaited_ = nullptr;
  const GlobalOption* awaited_global_ = nullptr;
  bool options_ended_ = false;
};

Result<CommandLine, Usage> parse(std::span<const std::string> arguments);

// The words that can follow `words` in a verb: "" -> status, service, ...; "service" -> list, ...
std::vector<std::string> following_words(std::string_view words);

// The name of an argument in usage and errors: "--weight" or "SERVICE".
std::string label(const Argument& argument);

}  // namespace pinion::ctl
