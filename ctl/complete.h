// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ctl/command_line.h"

namespace pinion::ctl {

// Asks the daemon (GET): the JSON text, or nothing where there is no daemon. `line` may name its
// socket.
using Fetch =
    std::function<std::optional<std::string>(const CommandLine& line, const std::string& target)>;

// What the last of `words`, which may be "", can become. Nothing where it is free text or a file.
std::vector<std::string> complete(std::span<const std::string> words, const Fetch& fetch);

}  // namespace pinion::ctl
