// SPDX-License-Identifier: Apache-2.0
// "Did you mean": the known word that was likely meant, for keys, keywords, names and verbs.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pinion {

// The known word with the fewest typing errors between it and `word` (a letter too many, missing,
// wrong, or swapped with its neighbour; case counts for nothing), the first of equals. Nothing
// where even that would take an error in more than every third letter: no hint is better than an
// absurd one.
std::optional<std::string_view> closest(std::string_view word,
                                        std::span<const std::string_view> known);

// `did you mean "weight"?`, or "" where nothing is close.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace pinion
