// SPDX-License-Identifier: Apache-2.0
#include "ctl/complete.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinion::ctl {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> completions(std::vector<std::string> words) {
  return complete(words, [](const CommandLine&, const std::string& target) {
    if (target == "/v1/services")
      return std::optional<std::string>(R"({"services": [{"name": "web"}, {"name": "dns"}]})");
    if (target == "/v1/servers?service=web")
      return std::optional<std::string>(R"({"servers": [{"address": "10.0.0.1"}]})");
    if (target == "/v1/servers?service=old")
      return std::optional<std::string>(
          R"({"servers": [{"address": "10.0.0.1", "port": 80, "leaving": true},
                          {"address": "10.0.0.2", "port": 80}, {"address": "10.0.0.2", "port": 81},
                          {"address": "fd00::2", "port": 80}, {"address": "fd00::2", "port": 81}]})");
    if (target == "/v1/servers")
      return std::optional<std::string>(
          R"({"servers": [{"address": "10.0.0.1"}, {"address": "2001:db8::1"}]})");
    return std::optional<std::string>();
  });
}

TEST(Complete, Verbs) {
  EXPECT_THAT(completions({"s"}), ElementsAre("status", "service", "server", "stats"));
  EXPECT_THAT(completions({"server", ""}), ElementsAre("list", "add", "set", "drain", "remove"));
  EXPECT_THAT(completions({"server", "re"}), ElementsAre("remove"));
  EXPECT_THAT(completions({"nonsense", "re"}), Not(IsEmpty()));
}

TEST(Complete, LiveNames) {
  EXPECT_THAT(completions({"service", "show", ""}), ElementsAre("web", "dns"));
  EXPECT_THAT(completions({"service", "show", "w"}), ElementsAre("web"));
  EXPECT_THAT(completions({"server", "drain", "web", ""}), ElementsAre("10.0.0.1"));
  EXPECT_THAT(completions({"connection", "list", "--server", "20"}), ElementsAre("2001:db8::1"));
  EXPECT_THAT(completions({"connection", "list", "--service", "web", "--server=1"}),
              ElementsAre("--server=10.0.0.1"));
}

TEST(Complete, ServersThatShareAnAddressAreNamedWithTheirPorts) {
  EXPECT_THAT(completions({"server", "set", "old", ""}),
              ElementsAre("10.0.0.2:80", "10.0.0.2:81", "[fd00::2]:80", "[fd00::2]:81"))
      << "and what has left the service cannot be set any more";
  EXPECT_THAT(completions({"connection", "list", "--service", "old", "--server", "10.0.0.1"}),
              ElementsAre("10.0.0.1"));
}

TEST(Complete, Keywords) {
  EXPECT_THAT(completions({"service", "set", "web", "--scheduler", ""}),
              testing::UnorderedElementsAre("rr", "wrr", "mh"));
  EXPECT_THAT(completions({"connection", "list", "--state", "e"}), ElementsAre("established"));
  EXPECT_THAT(completions({"server", "set", "web", "10.0.0.1", "--tunnel-type", ""}),
              ElementsAre("ipip", "gre", "gue"));
  EXPECT_THAT(completions({"server", "set", "web", "10.0.0.1", "--tunnel-checksum", "t"}),
              ElementsAre("true"));
  EXPECT_THAT(completions({"--output", ""}), ElementsAre("table", "json"));
  EXPECT_THAT(completions({"--output=j"}), ElementsAre("--output=json"));
}

TEST(Complete, Options) {
  const auto options =
      completions({"service", "add", "--vip", "10.0.0.1", "--server", "10.0.0.2", "-"});
  EXPECT_THAT(options, Contains("--port"));
  EXPECT_THAT(options, Contains("--server")) << "it may be repeated";
  EXPECT_THAT(options, Contains("--socket"));
  EXPECT_THAT(options, Not(Contains("--vip"))) << "it is there already";
  EXPECT_THAT(completions({"service", "add", "--", "-"}), IsEmpty());
}

TEST(Complete, NothingForFreeTextAndFiles) {
  EXPECT_THAT(completions({"service", "add", "n"}), IsEmpty());
  EXPECT_THAT(completions({"config", "check", ""}), IsEmpty());
  EXPECT_THAT(completions({"--socket", ""}), IsEmpty());
  EXPECT_THAT(completions({}), IsEmpty());
}

TEST(Complete, DoesWithoutADaemon) {
  const auto none = [](const CommandLine&, const std::string&) {
    return std::optional<std::string>();
  };
  EXPECT_THAT(complete(std::vector<std::string>{"service", "show", ""}, none), IsEmpty());
  EXPECT_THAT(complete(std::vector<std::string>{"stat"}, none), ElementsAre("status", "stats"));
}

}  // namespace
}  // namespace pinion::ctl
