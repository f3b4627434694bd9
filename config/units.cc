// SPDX-License-Identifier: Apache-2.0
#include "config/units.h"

#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace pinion::config {
namespace {

struct Unit {
  std::string_view suffix;
  uint64_t factor;
};

// The largest first; the last has factor 1.
constexpr std::array<Unit, 4> kSizes = {{{"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"", 1}}};
constexpr std::array<Unit, 4> kTimes = {{{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}}};

constexpr uint64_t kLongest = uint64_t{1} << 53;

std::optional<uint64_t> parse(std::string_view text, std::span<const Unit> units, uint64_t most) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return {};
  const std::string_view suffix = text.substr(static_cast<size_t>(end - text.data()));
  for (const Unit& unit : units) {
    if (unit.suffix != suffix) continue;
    if (number > most / unit.factor) return {};
    return number * unit.factor;
  }
  return {};
}

// 0 is written in the unit that people use: "0", "0s".
std::string format(uint64_t value, std::span<const Unit> units, std::string_view unit_of_0) {
  if (value == 0) return "0" + std::string(unit_of_0);
  for (const Unit& unit : units)
    if (value % unit.factor == 0)
      return std::to_string(value / unit.factor) + std::string(unit.suffix);
  return std::to_string(value);
}

}  // namespace

std::optional<uint64_t> parse_size(std::string_view text) {
  return parse(text, kSizes, std::numeric_limits<uint64_t>::max());
}

std::string format_size(uint64_t size) { return format(size, kSizes, ""); }

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto count = parse(text, kTimes, kLongest);
  if (!count) return {};
  return std::chrono::milliseconds(*count);
}

std::string format_duration(std::chrono::milliseconds duration) {
  return format(static_cast<uint64_t>(duration.count()), kTimes, "s");
}

}  // namespace pinion::config
