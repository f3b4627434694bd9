// SPDX-License-Identifier: Apache-2.0
// piniond(8) against the program, the tables of states and verdicts, and the unit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "balancer/bpf/abi/lists.h"
#include "balancer/director/preflight.h"
#include "tests/support/shell.h"

namespace pinion {
namespace {

using test::shell;
using testing::HasSubstr;

const std::string kProgram = PINION_BINARY_DIR "/piniond";
const std::string kPage = PINION_SOURCE_DIR "/deploy/man/piniond.8";

struct State {
  const char* keyword;
  const char* timeout;
  const char* text;
};

// Those that a connection can be in: the others have no timeout.
std::vector<State> states() {
  const State all[] = {
#define X(name, keyword, timeout, text) {keyword, #timeout, text},
      PINION_STATES(X)
#undef X
  };
  std::vector<State> with_timeout;
  std::copy_if(std::begin(all), std::end(all), std::back_inserter(with_timeout),
               [](const State& state) { return state.timeout != std::string("none"); });
  return with_timeout;
}

std::string read(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_FALSE(text.str().empty()) << path;
  return text.str();
}

std::string lower(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

// The word behind each `before`: letters, '_' and '-'.
std::set<std::string> words_after(const std::string& before, const std::string& text) {
  std::set<std::string> words;
  for (size_t at = text.find(before); at != std::string::npos; at = text.find(before, at)) {
    at += before.size();
    const auto end = std::find_if_not(text.begin() + static_cast<long>(at), text.end(), [](char c) {
      return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '-';
    });
    words.emplace(text.begin() + static_cast<long>(at), end);
  }
  return words;
}

// One section of the page, by its heading.
std::string section(const std::string& heading) {
  const std::string page = read(kPage);
  const size_t from = page.find("\n.Ss " + heading + "\n");
  EXPECT_NE(from, std::string::npos) << heading;
  return page.substr(from, page.find("\n.S", from + 1) - from);
}

TEST(Manual, HasEveryVerdictAndNoOther) {
  const std::string verdicts = section("Verdicts");
  std::set<std::string> names;
#define X(name, action, text) \
  names.insert(lower(#name)); \
  EXPECT_THAT(verdicts, HasSubstr("\n.It Li " + lower(#name) + "\n" text "\n"));
  PINION_VERDICTS(X)
#undef X
  EXPECT_EQ(words_after("\n.It Li ", verdicts), names);
}

TEST(Manual, HasEveryStateWithItsTimeoutAndNoOther) {
  const std::string table = section("The connection table");
  std::set<std::string> rows;
  for (const State& state : states()) {
    rows.insert(state.keyword);
    EXPECT_THAT(table, HasSubstr(std::string("\n.It Li ") + state.keyword + " Ta Cm " +
                                 state.timeout + " Ta " + state.text + "\n"));
  }
  EXPECT_EQ(words_after("\n.It Li ", table), rows);
}

TEST(Manual, HasEveryOptionAndNoOther) {
  const std::string help = shell(kProgram + " --help").out;
  const size_t options = help.find("\nOptions:\n");
  ASSERT_NE(options, std::string::npos) << help;
  EXPECT_EQ(words_after("\n.It Fl Fl ", read(kPage)), words_after("--", help.substr(options)));
}

TEST(Manual, NamesTheCapabilitiesThatTheUnitGrants) {
  const std::string unit = read(PINION_SOURCE_DIR "/deploy/systemd/piniond.service.in");
  const size_t from = unit.find("\nCapabilityBoundingSet=");
  ASSERT_NE(from, std::string::npos);
  const auto granted = words_after("CAP_", unit.substr(from, unit.find('\n', from + 1) - from));
  EXPECT_EQ(granted, words_after("CAP_", check_capabilities(0).error().message()));
  // The items only: the section also says what is needed now and then.
  const std::string privileges = section("Privileges");
  EXPECT_EQ(granted, words_after("CAP_", privileges.substr(0, privileges.find("\n.El\n"))));
}

TEST(Manual, IsSoundMdoc) {
  if (shell("command -v mandoc").status != 0) GTEST_SKIP() << "there is no mandoc";
  EXPECT_EQ(shell("mandoc -Tlint -Wwarning " + kPage + "").out, "");
}

// What it says of the exit status.
TEST(Program, TellsGoodFilesFromBadOnesAndFromWrongUsage) {
  const std::string example = PINION_SOURCE_DIR "/config/examples/minimal.yaml";
  EXPECT_EQ(shell(kProgram + " --check " + example).status, 0);
  EXPECT_EQ(shell(kProgram + " --config " + example + " --check").status, 0);
  const auto bad = shell(kProgram + " --check /nonexistent.yaml");
  EXPECT_EQ(bad.status, 1);
  EXPECT_THAT(bad.out, HasSubstr("/nonexistent.yaml"));
  EXPECT_THAT(shell(kProgram + " --check " + example).out, HasSubstr(": good: 1 service, 1 VIP\n"));
  EXPECT_EQ(shell(kProgram + " --no-such-option").status, 2);
  EXPECT_EQ(shell(kProgram + " --chekc x").out,
            "piniond: no option '--chekc'; did you mean \"--check\"?\nsee: piniond --help\n");
  EXPECT_THAT(shell(kProgram + " --log-level loud").out,
              testing::StartsWith("piniond: --log-level"));
  EXPECT_EQ(shell(kProgram + " --log-level loud").status, 2);
  EXPECT_EQ(shell(kProgram + " --version").status, 0);
}

}  // namespace
}  // namespace pinion
