// SPDX-License-Identifier: Apache-2.0
// Help, manual page and completion against the table that they are made from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "ctl/help.h"
#include "tests/support/shell.h"

namespace pinion::ctl {
namespace {

using testing::HasSubstr;

const std::string kManual = PINION_SOURCE_DIR "/deploy/man/pinionctl.1";

TEST(Texts, TheManualPageIsTheTables) {
  std::ifstream file(kManual);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text, manual()) << "make it anew: pinionctl manual > deploy/man/pinionctl.1";
}

TEST(Texts, TheManualPageIsWellFormed) {
  if (test::shell("command -v mandoc").status != 0) GTEST_SKIP() << "there is no mandoc";
  // That piniond(8) is not installed here is none of the page's faults.
  EXPECT_EQ(
      test::shell("mandoc -Tlint " + kManual + " | grep -v 'referenced manual not found'").out, "");
}

TEST(Texts, HelpNamesEveryVerbAndArgument) {
  const std::string all = help("");
  const std::string page = manual();
  for (const Verb& verb : control::verbs()) {
    EXPECT_THAT(all, HasSubstr("\n  " + std::string(verb.words) + " ")) << verb.words;
    EXPECT_THAT(page, HasSubstr("\n.Ss " + std::string(verb.words) + "\n"));
    EXPECT_THAT(page, HasSubstr("\n.Dl " + std::string(verb.example) + "\n"));
    const std::string own = help(verb);
    EXPECT_THAT(own, HasSubstr(std::string(verb.example)));
    for (const Argument& argument : verb.arguments)
      EXPECT_THAT(own, HasSubstr(std::string(argument.help))) << verb.words;
  }
}

TEST(Texts, HelpOfAGroupHasItsVerbsOnly) {
  EXPECT_THAT(help("server"), HasSubstr("server drain"));
  EXPECT_THAT(help("server"), testing::Not(HasSubstr("service add")));
}

TEST(Texts, SynopsisTellsWhatMustBeGiven) {
  EXPECT_EQ(
      synopsis(*control::find_verb("server set")),
      "server set SERVICE ADDRESS[:PORT] [--weight N] [--forward METHOD] [--tunnel-type TYPE] "
      "[--tunnel-port PORT] [--tunnel-checksum true|false] [--tunnel-source PREFIX] "
      "[--client-address HOW]");
  EXPECT_EQ(synopsis(*control::find_verb("server list")), "server list [SERVICE]");
  EXPECT_EQ(synopsis(*control::find_verb("verdicts")), "verdicts [--all]");
  EXPECT_THAT(synopsis(*control::find_verb("service add")),
              HasSubstr("[--server ADDRESS[:PORT][=WEIGHT]]..."));
}

}  // namespace
}  // namespace pinion::ctl
