// SPDX-License-Identifier: Apache-2.0
// Sizes and times as operators write them. A value is written in the largest unit that divides it,
// and reads back as the same value.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pinion::config {

// "65536", "64K", "1M", "2G": powers of 1024.
std::optional<uint64_t> parse_size(std::string_view text);
std::string format_size(uint64_t size);

// "500ms", "30s", "15m", "1h": at most 2^53 ms. The unit is mandatory, because nobody remembers a
// default one.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::milliseconds duration);

}  // namespace pinion::config
