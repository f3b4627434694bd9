// SPDX-License-Identifier: Apache-2.0
// Texts made from the tables: help, and the manual page.
#pragma once

#include <string>
#include <string_view>

#include "ctl/command_line.h"

namespace pinion::ctl {

std::string synopsis(const Verb& verb);  // "server set SERVICE ADDRESS --weight N"
std::string help(const Verb& verb);
// Of all verbs, or of those that begin with `words`.
std::string help(std::string_view words);

// deploy/man/pinionctl.1; a test holds the file against it.
std::string manual();

}  // namespace pinion::ctl
