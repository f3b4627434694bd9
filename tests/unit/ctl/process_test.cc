// SPDX-License-Identifier: Apache-2.0
// The program as it is installed: exit status, streams, environment, completion in a shell.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "config/yaml/save.h"
#include "tests/support/control_server.h"
#include "tests/support/shell.h"

namespace pinion::ctl {
namespace {

using test::shell;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kProgram = PINION_BINARY_DIR "/pinionctl";

class Process : public test::ControlServer {
 protected:
  test::Finished pinionctl(const std::string& arguments) {
    return shell("PINION_SOCKET=" + path_ + " " + kProgram + " " + arguments);
  }
};

TEST_F(Process, ExitStatusIsZeroWhereDone) {
  EXPECT_EQ(pinionctl("server set web 192.168.146.131 --weight 4").status, 0);
  EXPECT_EQ(director_.live_.services[0].servers[0].weight, 4u);
}

TEST_F(Process, ExitStatusIsOneWhereRefused) {
  const auto finished = pinionctl("service remove wbe");
  EXPECT_EQ(finished.status, 1);
  EXPECT_EQ(finished.out, "pinionctl: no service 'wbe'; did you mean 'web'?\n");
}

TEST_F(Process, ExitStatusIsTwoWhereMisused) {
  const auto finished = pinionctl("service remvoe web");
  EXPECT_EQ(finished.status, 2);
  EXPECT_EQ(finished.out,
            "pinionctl: no verb 'remvoe' of 'service'; did you mean 'remove'?\n"
            "see: pinionctl --help\n");
}

TEST_F(Process, ExitStatusIsThreeWithoutADaemon) {
  for (const std::string& socket : {path_ + ".none", std::string(200, 'x')}) {
    const auto finished = pinionctl("--socket " + socket + " status");
    EXPECT_EQ(finished.status, 3);
    EXPECT_THAT(finished.out, StartsWith("pinionctl: no daemon at " + socket));
    EXPECT_THAT(finished.out, HasSubstr("is piniond running?"));
  }
  const auto version = pinionctl("--socket /nowhere version");
  EXPECT_EQ(version.status, 3);
  EXPECT_THAT(version.out, HasSubstr("pinionctl  " PINION_VERSION "\n"));
}

TEST_F(Process, TellsWhoMaySpeakToTheDaemon) {
  if (getuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  if (shell("command -v setpriv").status != 0) GTEST_SKIP() << "there is no setpriv";
  std::filesystem::permissions(testing::TempDir(), std::filesystem::perms::others_exec,
                               std::filesystem::perm_options::add);
  // The program may stand where nobody else can look.
  const std::string copy = testing::TempDir() + "pinionctl." + std::to_string(getpid());
  std::filesystem::copy_file(kProgram, copy);
  const auto finished = shell("setpriv --reuid=65534 --regid=65534 --clear-groups " + copy +
                              " --socket " + path_ + " status");
  std::filesystem::remove(copy);
  EXPECT_EQ(finished.status, 3);
  EXPECT_EQ(finished.out, "pinionctl: no daemon at " + path_ +
                              ": Permission denied\n"
                              "try again with sudo, or become a member of group 'root'\n");
}

TEST_F(Process, TakesAClosedPipeForNoError) {
  director_.table_.assign(20'000, director_.table_[0]);
  const auto finished = shell("bash -o pipefail -c '" + kProgram + " --socket " + path_ +
                              " connection list --limit 20000 | head -1'");
  EXPECT_EQ(finished.status, 0) << finished.out;
}

TEST_F(Process, ReportsOutputThatIsLost) {
  const auto finished = pinionctl("status >/dev/full");
  EXPECT_EQ(finished.status, 1);
  EXPECT_EQ(finished.out, "pinionctl: cannot write the output: No space left on device\n");
}

TEST_F(Process, JsonIsTheDaemonsOwn) {
  const auto direct = shell("command -v curl >/dev/null || exit 77; curl -s --unix-socket " +
                            path_ + " http://pinion/v1/version");
  if (direct.status == 77) GTEST_SKIP() << "there is no curl";
  EXPECT_EQ(direct.out, "{\n  \"version\": \"0.1.0-daemon\"\n}\n");
  EXPECT_EQ(pinionctl("-o json connection count").out, "{\n  \"count\": 2\n}\n");
}

TEST_F(Process, ChecksAFileWithoutADaemon) {
  const std::string path = testing::TempDir() + "check." + std::to_string(getpid()) + ".yaml";
  std::ofstream(path) << "director: {interfaces: [eth0], xpd: auto}\n";
  const auto wrong = shell(kProgram + " config check " + path);
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.out, StartsWith(path + ":1:32: director.xpd: unknown key"));
  EXPECT_THAT(shell(kProgram + " config check -o json " + path).out, HasSubstr("\"valid\": false"));

  std::ofstream(path) << config::to_yaml(director_.live_);
  const auto right = shell(kProgram + " config check " + path);
  EXPECT_EQ(right.status, 0);
  EXPECT_THAT(right.out, HasSubstr(path + " is valid\n"));
  EXPECT_EQ(shell(kProgram + " config check " + path + ".none").status, 1);
  std::filesystem::remove(path);
}

// What the tab key makes of `line`, as bash would do it.
class Bash : public Process {
 protected:
  std::string complete(const std::string& line) {
    const std::string script = testing::TempDir() + "complete." + std::to_string(getpid());
    std::ofstream(script) << "PATH=" PINION_BINARY_DIR ":$PATH\nexport PINION_SOCKET=" << path_
                          << "\nsource " PINION_SOURCE_DIR "/deploy/completion/pinionctl.bash\n"
                          << "COMP_LINE='" << line << "'; COMP_POINT=${#COMP_LINE}\n"
                          << "_pinionctl\necho \"${COMPREPLY[*]}\"\n";
    const auto finished = shell("bash " + script);
    std::filesystem::remove(script);
    return finished.out;
  }
};

TEST_F(Bash, CompletesVerbsNamesAndOptions) {
  EXPECT_EQ(complete("pinionctl ser"), "service server\n");
  EXPECT_EQ(complete("pinionctl service show "), "web dns\n");
  EXPECT_EQ(complete("pinionctl server drain web "), "192.168.146.131 192.168.146.132\n");
  EXPECT_EQ(complete("pinionctl connection list --state=est"), "established\n");
  EXPECT_EQ(complete("pinionctl service set web --sch"), "--scheduler\n");
  EXPECT_EQ(complete("pinionctl config check "), "\n");
}

TEST_F(Bash, CompletesNamesWithColons) {
  director_.live_.services[0].name = "10.0.0.1:80/tcp";
  EXPECT_EQ(complete("pinionctl service show 10.0.0.1:8"), "80/tcp\n");
}

}  // namespace
}  // namespace pinion::ctl
