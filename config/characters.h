// SPDX-License-Identifier: Apache-2.0
// The characters of a text that an operator gave us: which there are, and how to show them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pinion::config {

struct BadByte {
  size_t offset = 0;
  std::string_view what;
};

// The first place that is not UTF-8 (RFC 3629) or is a control character other than tab, line feed
// and carriage return.
std::optional<BadByte> find_bad_byte(std::string_view text);

// Letters, digits and what is in `more`; nothing else, nothing beyond ASCII.
bool consists_of_letters_digits(std::string_view text, std::string_view more);

// In double quotes, cut where it is long, and safe to print: quotes and backslashes escaped.
std::string in_quotes(std::string_view text);

}  // namespace pinion::config
