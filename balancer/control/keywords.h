// SPDX-License-Identifier: Apache-2.0
// Keywords and texts from bpf/lists.h and the table of schedulers.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "balancer/bpf/abi/abi.h"

namespace pinion::control {

using Words = std::span<const std::string_view>;

std::string_view keyword(pinion_state state);  // "established"
std::optional<pinion_state> find_state(std::string_view word);
Words state_words();  // The states that a connection can be in.

Words scheduler_words();

struct VerdictText {
  std::string name;    // "drop_no_server"
  std::string action;  // "forward", "pass", "drop", "reply"
  std::string_view text;
};
// By enum pinion_verdict; nullptr for PINION_NEXT, which is not a final verdict.
const VerdictText* verdict_text(size_t verdict);

// "did you mean 'web'?"; else, if the list is short, "there are 'api' and 'web'"; else "".
std::string hint_for(std::string_view word, Words known);
// "mh, rr or wrr"
std::string join(Words words);

}  // namespace pinion::control
