// SPDX-License-Identifier: Apache-2.0
// Characters of a text from an operator: which are allowed, and how to show them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pinion::config {

struct BadByte {
  size_t offset = 0;
  std::string_view what;
};

// Finds the first byte that is not UTF-8 (RFC 3629), or that is a control character other than tab,
// line feed and carriage return.
std::optional<BadByte> find_bad_byte(std::string_view text);

// Whether the text has nothing but ASCII letters, digits and the characters in `more`.
bool consists_of_letters_digits(std::string_view text, std::string_view more);

// The text in double quotes, safe to print and cut if it is long. Quotes and backslashes are
// escaped.
std::string in_quotes(std::string_view text);

}  // namespace pinion::config
