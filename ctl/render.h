// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/control/verb.h"

namespace pinion::ctl {

struct Rendered {
  std::string text;
  std::string note;                        // For stderr: what the text does not show.
  std::vector<std::string> warnings = {};  // For stderr, too.
};

// The daemon's answer to a verb, for people. Fails if this client does not understand it.
Result<Rendered> render(const control::Verb& verb, const std::string& json);

// The message and the hint of an error, a line each.
std::string render_error(const std::string& json);

}  // namespace pinion::ctl
