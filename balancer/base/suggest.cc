// SPDX-License-Identifier: Apache-2.0
#include "balancer/base/suggest.h"

#include <algorithm>
#include <vector>

namespace pinion {
namespace {

// Words are typed by people; what is longer was not a typing error, and would cost its square.
constexpr size_t kLongest = 64;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(char a, char b) { return lower(a) == lower(b); }

// Optimal string alignment: Levenshtein's distance, where swapped neighbours count once. The
// matrix is walked by rows, of which the last two are enough.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = above[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
      row[j] = std::min({replaced, above[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace

std::optional<std::string_view> closest(std::string_view word,
                                        std::span<const std::string_view> known) {
  if (word.empty() || word.size() > kLongest) return {};
  std::optional<std::string_view> best;
  size_t fewest = (word.size() + 2) / 3 + 1;
  for (const std::string_view candidate : known) {
    if (candidate.size() > kLongest) continue;
    const size_t errors = distance(word, candidate);
    // A word of two letters with both replaced is another word.
    if (errors >= fewest || errors >= std::min(word.size(), candidate.size())) continue;
    fewest = errors;
    best = candidate;
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  const auto meant = closest(word, known);
  return meant ? "did you mean \"" + std::string(*meant) + "\"?" : "";
}

}  // namespace pinion
