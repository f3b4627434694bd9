// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/keywords.h"

#include <algorithm>
#include <array>
#include <vector>

#include "balancer/base/suggest.h"
#include "balancer/model/schedulers.h"

namespace pinion::control {
namespace {

constexpr std::string_view kStates[] = {
#define X(name, keyword, timeout, text) keyword,
    PINION_STATES(X)
#undef X
};
constexpr size_t kFirstOfConnections = PINION_STATE_CLAIMED + 1;

constexpr size_t kShortList = 8;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

template <size_t N>
std::optional<size_t> find(const std::string_view (&words)[N], std::string_view word) {
  const auto* found = std::find(std::begin(words), std::end(words), word);
  if (found == std::end(words)) return {};
  return static_cast<size_t>(found - words);
}

std::string quote_all(Words words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " and " : ", ";
    text += "'" + std::string(words[i]) + "'";
  }
  return text;
}

}  // namespace

std::string_view keyword(pinion_state state) { return kStates[state]; }

std::optional<pinion_state> find_state(std::string_view word) {
  const auto found = find(kStates, word);
  if (!found || *found < kFirstOfConnections) return {};
  return static_cast<pinion_state>(*found);
}

Words state_words() { return Words(kStates).subspan(kFirstOfConnections); }

Words scheduler_words() {
  static const std::vector<std::string_view> words = [] {
    std::vector<std::string_view> keywords;
    for (const Scheduler& scheduler : schedulers()) keywords.push_back(scheduler.keyword);
    return keywords;
  }();
  return words;
}

const VerdictText* verdict_text(size_t verdict) {
  static const std::array<VerdictText, PINION_VERDICT_COUNT> texts = {{{},
#define X(name, action, text) {lower(#name), lower(#action), text},
                                                                       PINION_VERDICTS(X)
#undef X
  }};
  return verdict == PINION_NEXT || verdict >= texts.size() ? nullptr : &texts[verdict];
}

std::string hint_for(std::string_view word, Words known) {
  if (const auto meant = closest(word, known)) return "did you mean '" + std::string(*meant) + "'?";
  if (known.empty()) return "there are none";
  if (known.size() > kShortList) return "";
  return (known.size() == 1 ? "there is only " : "there are ") + quote_all(known);
}

std::string join(Words words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace pinion::control
