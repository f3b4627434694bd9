// SPDX-License-Identifier: Apache-2.0
// piniond: arguments, signals, the one try/catch, the exit status.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <iostream>

#include "balancer/base/asio.h"
#include "balancer/base/log.h"
#include "balancer/base/suggest.h"
#include "balancer/director/config_file.h"
#include "balancer/director/director.h"

namespace pinion {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

struct Arguments {
  std::string config = "/etc/pinion/pinion.yaml";
  std::string check;  // The file to check.
  std::string level = "info";
};

std::string counted(size_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

int check_file(const std::string& path) {
  const config::Loaded loaded = config::load_file(path, vocabulary());
  for (const config::Problem& problem : loaded.problems)
    std::fprintf(stderr, "%s\n", problem.to_string().c_str());
  if (!loaded.ok()) return kFailed;
  std::printf("%s: good: %s, %s\n", path.c_str(),
              counted(loaded.config.services.size(), "service").c_str(),
              counted(loaded.config.vips.size(), "VIP").c_str());
  return 0;
}

Config load_or_throw(const std::string& path) {
  config::Loaded loaded = config::load_file(path, vocabulary());
  if (!loaded.ok()) throw std::runtime_error(loaded.errors());
  for (const config::Problem& problem : loaded.problems)
    log::warning("configuration", {{"problem", problem.to_string()}});
  return std::move(loaded.config);
}

// SIGHUP reloads; SIGTERM and SIGINT end the loop.
asio::awaitable<void> follow_signals(asio::io_context& io, asio::signal_set& signals,
                                     Director& director) {
  for (;;) {
    const int signal = co_await signals.async_wait(asio::use_awaitable);
    if (signal != SIGHUP) break;
    auto reloaded = director.reload();  // It has logged what is to say.
    static_cast<void>(reloaded.has_value());
  }
  io.stop();
}

// In the words of CLI11, but for options that do not exist.
std::string usage_error(const CLI::ParseError& error, const std::vector<std::string>& extras) {
  if (extras.empty()) return error.what();
  constexpr std::string_view kOptions[] = {"--config", "--check", "--log-level", "--version",
                                           "--help"};
  const std::string hint = did_you_mean(extras.front(), kOptions);
  return "no option '" + extras.front() + "'" + (hint.empty() ? "" : "; " + hint);
}

int run(const Arguments& arguments) {
  Config config = load_or_throw(arguments.config);
  asio::io_context io(1);
  asio::signal_set signals(io, SIGHUP, SIGTERM, SIGINT);
  std::signal(SIGPIPE, SIG_IGN);
  const auto director = or_throw(Director::start(io, arguments.config, std::move(config)));
  log::info("started", {{"version", PINION_VERSION},
                        {"config", arguments.config},
                        {"services", director->live().services.size()}});
  asio::co_spawn(io, follow_signals(io, signals, *director), report("signals"));
  io.run();
  director->stop();
  log::info("stopped");
  return 0;
}

}  // namespace
}  // namespace pinion

int main(int argc, char** argv) {
  pinion::Arguments arguments;
  CLI::App app(
      "piniond, the director daemon of the Pinion load balancer.\n\n"
      "  piniond --config /etc/pinion/pinion.yaml   run the director\n"
      "  piniond --check new.yaml                   only say what is wrong with a file\n\n"
      "SIGHUP reloads the file, SIGTERM withdraws the VIPs and exits (director.on_stop: keep "
      "leaves\n"
      "everything forwarding). See piniond(8), pinion.yaml(5).");
  app.add_option("--config", arguments.config, "the configuration file")->capture_default_str();
  auto* check = app.add_option("--check", arguments.check,
                               "check a file (by default that of --config), and exit")
                    ->expected(0, 1);
  app.add_option("--log-level", arguments.level, "debug, info, warning or error")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  app.set_version_flag("--version", std::string("piniond ") + PINION_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::cerr << "piniond: " << pinion::usage_error(error, app.remaining())
              << "\nsee: piniond --help" << std::endl;
    return pinion::kUsage;
  }
  pinion::log::set_level(*pinion::log::parse_level(arguments.level));
  try {
    if (*check)
      return pinion::check_file(arguments.check.empty() ? arguments.config : arguments.check);
    return pinion::run(arguments);
  } catch (const std::exception& error) {
    std::cerr << "piniond: " << error.what() << std::endl;
    return pinion::kFailed;
  }
}
