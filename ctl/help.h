// SPDX-License-Identifier: Apache-2.0
// Help and manual page, made from the table of verbs.
#pragma once

#include <string>
#include <string_view>

#include "ctl/command_line.h"

namespace pinion::ctl {

std::string synopsis(const Verb& verb);  // "server set SERVICE ADDRESS --weight N"
std::string help(const Verb& verb);
// The list of all verbs, or of those that begin with `words`.
std::string help(std::string_view words);

// deploy/man/pinionctl.1; a test holds the file against it.
std::string manual();

}  // namespace pinion::ctl
