// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctl/client.h"
#include "ctl/command_line.h"

namespace pinion::ctl {

// The HTTP request that a command line stands for.
Request request_of(const CommandLine& line);

}  // namespace pinion::ctl
