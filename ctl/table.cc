// SPDX-License-Identifier: Apache-2.0
#include "ctl/table.h"

#include <algorithm>
#include <cstdio>

namespace pinion::ctl {
namespace {

// The width on a terminal, where each UTF-8 character takes one column.
size_t width(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string format(const char* pattern, double number, const char* unit = "") {
  char text[64];
  std::snprintf(text, sizeof(text), pattern, number, unit);
  return text;
}

std::string pair_of(uint64_t large, const char* unit, uint64_t small, const char* smaller_unit) {
  return std::to_string(large) + unit + std::to_string(small) + smaller_unit;
}

}  // namespace

std::string Table::to_string() const {
  auto rows = rows_;
  std::vector<bool> right;
  for (std::string& heading : rows[0]) {
    right.push_back(heading.ends_with('>'));
    if (right.back()) heading.pop_back();
  }
  std::vector<size_t> widths(right.size());
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - width(row[i]), ' ');
      line += (i ? "  " : "") + (right[i] ? padding + row[i] : row[i] + padding);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string human_bytes(double bytes) {
  static constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return format("%.0f%s", bytes, "B");
  size_t unit = 0;
  // A value that would round to 1024.0 becomes 1.0 of the next unit.
  for (bytes /= 1024; bytes >= 1023.95 && unit + 1 < std::size(kUnits); bytes /= 1024) ++unit;
  return format("%.1f%s", bytes, kUnits[unit]);
}

std::string human_time(uint64_t milliseconds) {
  if (milliseconds < 1000) return std::to_string(milliseconds) + "ms";
  const uint64_t seconds = milliseconds / 1000;
  if (seconds < 60) return format("%.1f%s", static_cast<double>(milliseconds / 100) / 10, "s");
  const uint64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
  if (hours == 0) return pair_of(minutes, "m", seconds % 60, "s");
  if (days == 0) return pair_of(hours, "h", minutes % 60, "m");
  return pair_of(days, "d", hours % 24, "h");
}

std::string human_rate(double per_second) {
  return format(per_second < 99.95 && per_second > 0 ? "%.1f" : "%.0f", per_second);
}

}  // namespace pinion::ctl
