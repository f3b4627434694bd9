// SPDX-License-Identifier: Apache-2.0
// Text that an operator gave us: is it text at all, and how do we show it back.
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

// In double quotes, cut where it is long, and safe to print: quotes and backslashes escaped.
std::string in_quotes(std::string_view text);

}  // namespace pinion::config
