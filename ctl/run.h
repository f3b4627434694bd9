// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

namespace pinion::ctl {

enum Exit : int { kDone = 0, kRefused = 1, kUsage = 2, kNoDaemon = 3 };

struct Outcome {
  int status = kDone;
  std::string out;
  std::string err;
};

// Does what pinionctl does, except for writing. `socket` is the default for --socket.
Outcome run(std::span<const std::string> arguments, const std::string& socket);

}  // namespace pinion::ctl
