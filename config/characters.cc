// SPDX-License-Identifier: Apache-2.0
#include "config/characters.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

namespace pinion::config {
namespace {

constexpr size_t kLongestShown = 60;

// How many bytes follow `lead` in its sequence; -1 if no sequence begins with it.
int trailing_bytes(uint8_t lead) {
  if (lead < 0x80) return 0;
  if (lead < 0xc2) return -1;
  if (lead < 0xe0) return 1;
  if (lead < 0xf0) return 2;
  return lead < 0xf5 ? 3 : -1;
}

// The second byte shows overlong forms, surrogates and code points above U+10FFFF.
bool fits_second(uint8_t lead, uint8_t second) {
  if (lead == 0xe0) return second >= 0xa0;
  if (lead == 0xed) return second < 0xa0;
  if (lead == 0xf0) return second >= 0x90;
  if (lead == 0xf4) return second < 0x90;
  return true;
}

// The length of the well-formed sequence at the start of `text`, or 0. REQUIRES: not empty.
size_t sequence_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const int trailing = trailing_bytes(byte(0));
  if (trailing < 0 || text.size() <= static_cast<size_t>(trailing)) return 0;
  const size_t length = 1 + static_cast<size_t>(trailing);
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  return length == 1 || fits_second(byte(0), byte(1)) ? length : 0;
}

bool is_control(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
}

}  // namespace

std::optional<BadByte> find_bad_byte(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '\0') return BadByte{i, "a NUL byte"};
    if (is_control(text[i])) return BadByte{i, "a control character"};
    const size_t length = sequence_length(text.substr(i));
    if (length == 0) return BadByte{i, "a byte that is not UTF-8"};
    i += length;
  }
  return {};
}

bool consists_of_letters_digits(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != std::string_view::npos;
  });
}

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (size_t i = 0; i < text.size();) {
    if (result.size() > kLongestShown) return result + "...\"";
    const size_t length = sequence_length(text.substr(i));
    const auto byte = static_cast<uint8_t>(text[i]);
    if (length == 0 || byte < 0x20 || byte == 0x7f) {
      char escaped[5];
      std::snprintf(escaped, sizeof(escaped), "\\x%02x", byte);
      result += escaped;
      ++i;
      continue;
    }
    if (text[i] == '"' || text[i] == '\\') result += '\\';
    result += text.substr(i, length);
    i += length;
  }
  return result + "\"";
}

}  // namespace pinion::config
