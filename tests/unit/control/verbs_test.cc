// SPDX-License-Identifier: Apache-2.0
// The table itself: what a new row must keep, so that everything made from it works.
#include <gtest/gtest.h>

#include <set>

#include "balancer/control/router.h"

namespace pinion::control {
namespace {

TEST(Verbs, AreNamedOnce) {
  std::set<std::string_view> words, routes;
  for (const Verb& verb : verbs()) {
    EXPECT_TRUE(words.insert(verb.words).second) << verb.words;
    EXPECT_EQ(find_verb(verb.words), &verb);
  }
  EXPECT_EQ(find_verb("service"), nullptr);
}

TEST(Verbs, HaveWhatTheirPlaceAsksFor) {
  for (const Verb& verb : verbs()) {
    EXPECT_EQ(verb.handler == nullptr, verb.path.empty()) << verb.words;
    EXPECT_EQ(verb.handler == nullptr, verb.method.empty()) << verb.words;
    EXPECT_FALSE(verb.help.empty() || verb.help.ends_with('.')) << verb.words;
    EXPECT_TRUE(verb.example.starts_with("pinionctl " + std::string(verb.words))) << verb.words;
  }
}

TEST(Verbs, NameEachPlaceOfTheirPath) {
  for (const Verb& verb : verbs()) {
    std::set<std::string> places, arguments;
    for (size_t at = 0; (at = verb.path.find('{', at)) != std::string_view::npos; ++at)
      places.emplace(verb.path.substr(at + 1, verb.path.find('}', at) - at - 1));
    for (const Argument& argument : verb.arguments)
      if (argument.in == In::kPath) arguments.insert(field_of(argument));
    EXPECT_EQ(places, arguments) << verb.words;
  }
}

TEST(Verbs, KeepOptionalWordsLast) {
  for (const Verb& verb : verbs()) {
    bool optional = false;
    for (const Argument& argument : verb.arguments) {
      EXPECT_FALSE(optional && argument.form == Form::kWord) << verb.words;
      optional |= argument.form == Form::kOptionalWord;
    }
  }
}

TEST(Verbs, AreReachedByTheirPath) {
  for (const Verb& verb : verbs()) {
    if (!verb.handler) continue;
    const auto target = http::parse_target(verb.path);
    ASSERT_TRUE(target) << verb.path;
    const auto route = find_route(std::string(verb.method), target->path);
    ASSERT_TRUE(route) << verb.words;
    EXPECT_EQ(route->verb, &verb) << verb.words << " is shadowed by " << route->verb->words;
  }
}

}  // namespace
}  // namespace pinion::control
