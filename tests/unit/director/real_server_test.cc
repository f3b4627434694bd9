// SPDX-License-Identifier: Apache-2.0
// pinion-real-server(8) against the script, and the script as one file. What it does is told in
// tests/lab/real_server.sh and tests/vm/real_server.sh.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/shell.h"

namespace pinion {
namespace {

using test::shell;
using testing::HasSubstr;

const std::string kScript = PINION_SOURCE_DIR "/deploy/real-server";
const std::string kInstalled = PINION_BINARY_DIR "/deploy/pinion-real-server";
const std::string kPage = PINION_SOURCE_DIR "/deploy/man/pinion-real-server.8";

TEST(RealServerManual, HasEveryOptionAndNoOther) {
  const std::string options =
      shell(kScript + " --help | sed -n 's/^  \\(--[a-z]*\\) .*/\\1/p' | sort").out;
  EXPECT_THAT(options, HasSubstr("--vip\n"));
  EXPECT_EQ(shell("sed -n 's/^[.]It Fl Fl \\([a-z]*\\).*/--\\1/p' " + kPage + " | sort").out,
            options);
}

TEST(RealServerManual, IsSoundMdoc) {
  if (shell("command -v mandoc").status != 0) GTEST_SKIP() << "there is no mandoc";
  // Less what it says of other pages, and of what else the machine has.
  EXPECT_EQ(shell("mandoc -Tlint " + kPage + " 2>&1 | grep -v 'referenced manual\\|mandoc.db'").out,
            "");
}

TEST(RealServer, IsInstalledAsOneFileThatSaysTheSame) {
  EXPECT_EQ(shell("grep -c '^source ' " + kInstalled).out, "0\n");
  EXPECT_EQ(shell("bash " + kInstalled + " --help | sed s/pinion-real-server/real-server/").out,
            shell(kScript + " --help").out);
  // It takes more than the first part to find that out.
  const auto wrong = shell("bash " + kInstalled + " check tun --vip 192.0.2.80 --type vxlan 2>&1");
  EXPECT_EQ(wrong.status, 2);
  EXPECT_THAT(wrong.out, HasSubstr("--type is ipip, gre or gue"));
}

}  // namespace
}  // namespace pinion
