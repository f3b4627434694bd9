// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ctl/command_line.h"

namespace pinion::ctl {

// Asks the daemon (GET) and returns its JSON text, or nothing if no daemon answers. `line` may name
// the socket.
using Fetch =
    std::function<std::optional<std::string>(const CommandLine& line, const std::string& target)>;

// The completions of the last of `words`, which may be "". None for free text and files.
std::vector<std::string> complete(std::span<const std::string> words, const Fetch& fetch);

}  // namespace pinion::ctl
