// SPDX-License-Identifier: Apache-2.0
// pinionctl: arguments in, text out, exit status.
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "config/config.h"
#include "ctl/run.h"

namespace {

// Returns false if the text could not be written. A closed pipe (`pinionctl ... | head`) is no
// failure.
bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno == EPIPE;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

int main(int count, char** values) try {
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> arguments(values + (count > 0), values + count);
  const char* socket = std::getenv("PINION_SOCKET");
  const auto outcome =
      pinion::ctl::run(arguments, socket && *socket ? socket : pinion::config::Control().socket);
  write_all(STDERR_FILENO, outcome.err);
  if (write_all(STDOUT_FILENO, outcome.out)) return outcome.status;
  std::cerr << "pinionctl: cannot write the output: " << std::strerror(errno) << "\n";
  return pinion::ctl::kRefused;
} catch (const std::exception& error) {
  std::cerr << "pinionctl: " << error.what() << "\n";
  return pinion::ctl::kRefused;
}
