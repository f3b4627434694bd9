// SPDX-License-Identifier: Apache-2.0
#include "ctl/run.h"

#include <nlohmann/json.hpp>

#include "balancer/control/keywords.h"
#include "config/yaml/load.h"
#include "ctl/client.h"
#include "ctl/complete.h"
#include "ctl/help.h"
#include "ctl/render.h"
#include "ctl/request.h"

namespace pinion::ctl {
namespace {

using nlohmann::ordered_json;

constexpr std::chrono::seconds kPatience{30};
// Completion answers the tab key, so it does not wait long.
constexpr std::chrono::seconds kCompletionPatience{1};

bool wants_json(const CommandLine& line) { return line.get("output") == "json"; }

Outcome wrong_usage(const Usage& usage) {
  const std::string of = usage.verb ? " " + std::string(usage.verb->words) : "";
  return {kUsage, "",
          "pinionctl: " + usage.message + (usage.hint.empty() ? "" : "; " + usage.hint) +
              "\nsee: pinionctl" + of + " --help\n"};
}

Outcome no_daemon(const Error& error) {
  return {kNoDaemon, "", "pinionctl: " + error.message() + "\n"};
}

// `stats` answers when its interval is over.
std::chrono::milliseconds patience_for(const CommandLine& line) {
  const auto interval = control::parse_interval(line.get("interval", "0"));
  return kPatience + std::chrono::milliseconds(interval ? std::get<uint64_t>(*interval) : 0);
}

Outcome ask_daemon(const CommandLine& line, const std::string& socket) {
  const auto reply = ask(line.get("socket", socket), request_of(line), patience_for(line));
  if (!reply) return no_daemon(reply.error());
  if (reply->status >= 400) return {kRefused, "", "pinionctl: " + render_error(reply->body)};
  if (wants_json(line)) return {kDone, reply->body, ""};
  auto rendered = render(*line.verb, reply->body);
  if (!rendered) return {kRefused, "", "pinionctl: " + rendered.error().message() + "\n"};
  std::string notes = rendered->note.empty() ? "" : "pinionctl: " + rendered->note + "\n";
  for (const std::string& warning : rendered->warnings) notes += "warning: " + warning + "\n";
  return {kDone, std::move(rendered->text), notes};
}

ordered_json to_json(const config::Problem& problem) {
  return {{"place", problem.place},
          {"path", problem.path},
          {"message", problem.what},
          {"warning", problem.warning}};
}

Outcome config_check(const CommandLine& line, const std::string&) {
  const std::string file = line.get("file");
  const auto words = control::scheduler_words();
  const auto loaded = config::load_file(file, {{words.begin(), words.end()}});
  Outcome outcome{loaded.ok() ? kDone : kRefused, "", ""};
  ordered_json problems = ordered_json::array();
  for (const config::Problem& problem : loaded.problems) {
    problems.push_back(to_json(problem));
    if (!wants_json(line))
      outcome.err += (problem.warning ? "warning: " : "") + problem.to_string() + "\n";
  }
  const ordered_json answer = {{"file", file}, {"valid", loaded.ok()}, {"problems", problems}};
  if (wants_json(line))
    outcome.out = answer.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
  else if (loaded.ok())
    outcome.out = file + " is valid\n";
  return outcome;
}

// Prints the client's version even if no daemon answers.
Outcome version(const CommandLine& line, const std::string& socket) {
  const auto reply = ask(line.get("socket", socket), request_of(line), kPatience);
  ordered_json versions = {{"client", PINION_VERSION}, {"daemon", nullptr}};
  Outcome outcome;
  if (reply) {
    const auto parsed = ordered_json::parse(reply->body, nullptr, false);
    if (parsed.is_object()) versions["daemon"] = parsed.value("version", "");
  } else {
    outcome = no_daemon(reply.error());
  }
  if (wants_json(line)) {
    outcome.out = versions.dump(2) + "\n";
    return outcome;
  }
  outcome.out = "pinionctl  " + versions["client"].get<std::string>() + "\n";
  if (reply) outcome.out += "piniond    " + versions["daemon"].get<std::string>() + "\n";
  return outcome;
}

struct LocalVerb {
  std::string_view words;
  Outcome (*run)(const CommandLine& line, const std::string& socket);
};

// Verbs that are not exactly one request.
constexpr LocalVerb kLocalVerbs[] = {
    {"config check", config_check},
    {"version", version},
};

Outcome show_help(const CommandLine& line) {
  return {kDone, line.verb ? help(*line.verb) : help(line.words), ""};
}

Outcome run_completion(std::span<const std::string> arguments, const std::string& socket) {
  if (!arguments.empty() && arguments.front() == "--") arguments = arguments.subspan(1);
  const auto fetch = [&](const CommandLine& line,
                         const std::string& target) -> std::optional<std::string> {
    const auto reply = ask(line.get("socket", socket), {"GET", target, ""}, kCompletionPatience);
    if (!reply || reply->status != 200) return {};
    return reply->body;
  };
  Outcome outcome;
  for (const std::string& candidate : complete(arguments, fetch)) outcome.out += candidate + "\n";
  return outcome;
}

// A message may repeat text of unknown origin, so control characters are escaped for the terminal.
std::string printable(const std::string& text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string safe;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte >= ' ' && byte != 0x7f) || c == '\n')
      safe += c;
    else
      safe += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return safe;
}

Outcome run_verb(std::span<const std::string> arguments, const std::string& socket) {
  const auto line = parse(arguments);
  if (!line) return wrong_usage(line.error());
  if (line->has("help")) return show_help(*line);
  for (const LocalVerb& local : kLocalVerbs)
    if (local.words == line->verb->words) return local.run(*line, socket);
  return ask_daemon(*line, socket);
}

}  // namespace

Outcome run(std::span<const std::string> arguments, const std::string& socket) {
  // Two verbs for our own scripts.
  if (!arguments.empty() && arguments.front() == "complete")
    return run_completion(arguments.subspan(1), socket);
  if (!arguments.empty() && arguments.front() == "manual") return {kDone, manual(), ""};

  // The usual spellings of version and help.
  if (arguments.size() == 1 && arguments.front() == "--version")
    return {kDone, "pinionctl " PINION_VERSION "\n", ""};
  std::vector<std::string> words(arguments.begin(), arguments.end());
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.push_back("--help");
  }
  Outcome outcome = run_verb(words, socket);
  outcome.err = printable(outcome.err);
  return outcome;
}

}  // namespace pinion::ctl
