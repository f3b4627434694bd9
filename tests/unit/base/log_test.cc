// SPDX-License-Identifier: Apache-2.0
#include "balancer/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "balancer/base/journal.h"

namespace pinion::log {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

TEST(LogFormat, PutsEventBeforeFields) {
  EXPECT_EQ(format("started", {}), "started");
  EXPECT_EQ(format("server is up", {{"service", "web"}, {"weight", 3}, {"ok", true}}),
            "server is up service=web weight=3 ok=1");
}

TEST(LogFormat, QuotesWhatWouldNotReadBack) {
  EXPECT_EQ(format("e", {{"k", ""}}), "e k=\"\"");
  EXPECT_EQ(format("e", {{"k", "two words"}}), "e k=\"two words\"");
  EXPECT_EQ(format("e", {{"k", "a=b"}}), "e k=\"a=b\"");
  EXPECT_EQ(format("e", {{"k", "say \"hi\""}}), "e k=\"say \\\"hi\\\"\"");
  EXPECT_EQ(format("e", {{"k", "a\\b"}}), "e k=\"a\\\\b\"");
  EXPECT_EQ(format("e", {{"k", "[2001:db8::1]:80"}}), "e k=[2001:db8::1]:80");
}

TEST(LogFormat, NoValueForgesALineOrATerminalSequence) {
  EXPECT_EQ(format("e", {{"k", "a\nerror forged"}}), "e k=\"a\\nerror forged\"");
  EXPECT_EQ(format("e", {{"k", "\x1b[31m\r\t"}}), "e k=\"\\x1b[31m\\x0d\\x09\"");
  EXPECT_EQ(format("e", {{"k", std::string("a\0b", 3)}}), "e k=\"a\\x00b\"");
  for (int byte = 0; byte < 256; ++byte) {
    const std::string line = format("e", {{"k", std::string(1, static_cast<char>(byte))}});
    EXPECT_TRUE(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; }))
        << byte;
  }
}

TEST(LogLevel, HasAWordForEach) {
  EXPECT_EQ(parse_level("debug"), Level::kDebug);
  EXPECT_EQ(parse_level("info"), Level::kInfo);
  EXPECT_EQ(parse_level("warning"), Level::kWarning);
  EXPECT_EQ(parse_level("error"), Level::kError);
  for (const auto* text : {"", "warn", "INFO", "trace", "info "})
    EXPECT_EQ(parse_level(text), std::nullopt) << text;
}

std::string stderr_of(const std::function<void()>& work) {
  testing::internal::CaptureStderr();
  work();
  return testing::internal::GetCapturedStderr();
}

// The lines of one process share limits, so each test has events of its own.
TEST(LogLine, HasTimeLevelAndEvent) {
  const std::string text = stderr_of([] { warning("test {} shape", {{"link", "eth0"}}); });
  EXPECT_THAT(text, MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}"
                                 "[+-][0-9]{2}:[0-9]{2} warning test \\{\\} shape link=eth0\n"));
}

TEST(LogLine, LevelHidesWhatIsBelow) {
  const auto write_all = [] {
    debug("test levels d");
    info("test levels i");
    error("test levels e");
  };
  EXPECT_THAT(stderr_of(write_all), testing::Not(HasSubstr("levels d")));
  set_level(Level::kError);
  EXPECT_THAT(stderr_of(write_all), MatchesRegex("[^\n]* error test levels e\n"));
  set_level(Level::kDebug);
  EXPECT_THAT(stderr_of(write_all), HasSubstr(" debug test levels d\n"));
  set_level(Level::kInfo);
}

TEST(LogLine, FloodOfOneEventLeavesOthersAlone) {
  const std::string text = stderr_of([] {
    for (int i = 0; i < 1000; ++i) info("test flood", {{"packet", i}});
    info("test trickle");
  });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 11);
  EXPECT_THAT(text, HasSubstr("packet=9\n"));
  EXPECT_THAT(text, HasSubstr("test trickle\n"));
}

TEST(LogLine, EachRecordIsThere) {
  const std::string text = stderr_of([] {
    for (int i = 0; i < 100; ++i) record("test record", {{"weight", i}});
  });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 100);
  EXPECT_THAT(text, HasSubstr(" info test record weight=99\n"));
}

TEST(Journal, IsKnownByDeviceAndInode) {
  struct stat file {};
  file.st_dev = 8;
  file.st_ino = 4711;
  EXPECT_TRUE(is_journal_stream("8:4711", file));
  for (const auto* other : {"", "8", "8:", "8:4712", "9:4711", "8:47110", "4711:8"})
    EXPECT_FALSE(is_journal_stream(other, file)) << other;
}

// What a service of systemd finds: the stream of its stderr in the environment.
[[noreturn]] void log_to_journal() {
  struct stat file {};
  ::fstat(STDERR_FILENO, &file);
  const std::string stream = std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino);
  ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
  info("test journal", {{"k", "v"}});
  error("test journal");
  std::exit(0);
}

TEST(JournalDeathTest, GetsAPriorityAndNoTime) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // A process of its own: no line was written yet.
  EXPECT_EXIT(log_to_journal(), testing::ExitedWithCode(0),
              MatchesRegex("<6>test journal k=v\n<3>test journal\n"));
}

}  // namespace
}  // namespace pinion::log
