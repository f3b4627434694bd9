// SPDX-License-Identifier: Apache-2.0
// Aligned tables, and the format of numbers in them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinion::ctl {

// A heading that ends with '>' marks a column of numbers, which is aligned to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> headings) : rows_{std::move(headings)} {}

  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  // Lines end with a newline and have no trailing blanks.
  std::string to_string() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

std::string human_bytes(double bytes);          // "0B", "1.5KiB", "12.0GiB"
std::string human_time(uint64_t milliseconds);  // "350ms", "1.5s", "14m0s", "2h5m", "3d4h"
std::string human_rate(double per_second);      // "0", "12.5", "1204"

}  // namespace pinion::ctl
