// SPDX-License-Identifier: Apache-2.0
// One line per event, "event key=value ...", to stderr; journald adds time and unit. Each event
// (the literal text) is limited to a burst of 10 lines and then one line in 10 seconds, which says
// how many were left out: a flood of packets or requests must not become a flood of lines. Never
// log a secret: seeds, request bodies.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace pinion::log {

enum class Level { kDebug, kInfo, kWarning, kError };
std::optional<Level> parse_level(std::string_view text);  // "debug", "info", "warning", "error"
void set_level(Level level);                              // kInfo at start.

// A value is quoted where it holds blanks or quotes; control characters are escaped, so that
// untrusted text cannot forge a line.
struct Field {
  Field(std::string_view name, std::string_view text) : key(name), value(text) {}
  Field(std::string_view name, const std::string& text) : key(name), value(text) {}
  Field(std::string_view name, const char* text) : key(name), value(text) {}
  template <typename T>
  requires std::is_arithmetic_v<T> Field(std::string_view name, T number)
      : key(name), value(std::to_string(number)) {}

  std::string_view key;
  std::string value;
};

void debug(std::string_view event, std::initializer_list<Field> fields = {});
void info(std::string_view event, std::initializer_list<Field> fields = {});
void warning(std::string_view event, std::initializer_list<Field> fields = {});
void error(std::string_view event, std::initializer_list<Field> fields = {});

// What an operator has changed, at info: each has its line, however many come at once.
void record(std::string_view event, std::span<const Field> fields);
inline void record(std::string_view event, std::initializer_list<Field> fields) {
  record(event, {fields.begin(), fields.size()});
}

// The line without its prefix: `event key=value key="two words"`.
std::string format(std::string_view event, std::span<const Field> fields);
inline std::string format(std::string_view event, std::initializer_list<Field> fields) {
  return format(event, {fields.begin(), fields.size()});
}

}  // namespace pinion::log
