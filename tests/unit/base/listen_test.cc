// SPDX-License-Identifier: Apache-2.0
#include "balancer/base/listen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/support/raw_client.h"

namespace pinion {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class ListenUnix : public testing::Test {
 protected:
  ~ListenUnix() override { fs::remove_all(directory_); }

  std::string directory_ = testing::TempDir() + "listen." + std::to_string(getpid());
  std::string path_ = directory_ + "/control.sock";
  std::string group_ = std::to_string(getgid());
};

TEST_F(ListenUnix, MakesTheDirectoryAndSetsModeAndGroup) {
  const auto fd = listen_unix(path_, 0620, group_);
  ASSERT_TRUE(fd) << fd.error().message();
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0620u);
  EXPECT_EQ(status.st_gid, getgid());
  EXPECT_TRUE(test::RawClient(path_).connected());
}

TEST_F(ListenUnix, GivesTheSocketToANamedGroup) {
  if (getuid() != 0) GTEST_SKIP() << "only root may give a file to any group";
  ASSERT_TRUE(listen_unix(path_, 0660, "daemon"));
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_NE(status.st_gid, getgid());
}

TEST_F(ListenUnix, TwoHundredMayKnockAtOnce) {
  const auto fd = listen_unix(path_, 0600, group_);
  ASSERT_TRUE(fd) << fd.error().message();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
  std::vector<Fd> clients;
  for (int i = 0; i < 200; ++i) {  // Nobody accepts meanwhile.
    clients.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
    ASSERT_EQ(connect(clients.back().get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)),
              0)
        << i << ": " << strerror(errno);
  }
}

TEST_F(ListenUnix, ReplacesWhatADeadDaemonLeft) {
  ASSERT_TRUE(listen_unix(path_, 0600, group_));  // The descriptor is closed, the file stays.
  ASSERT_TRUE(fs::exists(path_));
  const auto fd = listen_unix(path_, 0600, group_);
  ASSERT_TRUE(fd) << fd.error().message();
  EXPECT_TRUE(test::RawClient(path_).connected());
}

TEST_F(ListenUnix, RefusesWhereSomebodyListens) {
  const auto first = listen_unix(path_, 0600, group_);
  ASSERT_TRUE(first);
  const auto second = listen_unix(path_, 0600, group_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message(),
            "another process listens on " + path_ +
                ": stop it, or set director.control.socket to another path");
  EXPECT_TRUE(test::RawClient(path_).connected());
}

TEST_F(ListenUnix, LeavesOtherFilesAlone) {
  fs::create_directory(directory_);
  std::ofstream(path_) << "precious";
  const auto fd = listen_unix(path_, 0600, group_);
  ASSERT_FALSE(fd);
  EXPECT_THAT(fd.error().message(), HasSubstr(path_ + " is there and is no socket"));
  EXPECT_EQ(fs::file_size(path_), 8u);
}

TEST_F(ListenUnix, NamesAGroupThatIsNotThere) {
  const auto fd = listen_unix(path_, 0600, "no-such-group");
  ASSERT_FALSE(fd);
  EXPECT_THAT(fd.error().message(), HasSubstr("there is no group 'no-such-group'"));
  EXPECT_FALSE(fs::exists(path_)) << "a socket that nobody serves";
}

TEST_F(ListenUnix, NamesWhatItCannotMake) {
  EXPECT_THAT(listen_unix(directory_ + "/a/b/s", 0600, group_).error().message(),
              HasSubstr("make the directory " + directory_ + "/a/b/: No such file"));
  EXPECT_THAT(listen_unix(std::string(200, 'x'), 0600, group_).error().message(),
              HasSubstr("1 to 107 bytes"));
}

TEST(ListenTcp, NamesAnAddressThatIsNotOurs) {
  const auto fd = listen_tcp({*Address::parse("192.0.2.1"), {80}});
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().message(), "listen on 192.0.2.1:80: Cannot assign requested address");
}

TEST(ListenTcp, TakesIpv6) {
  const auto fd = listen_tcp({*Address::parse("::1"), {0}});
  if (!fd) GTEST_SKIP() << fd.error().message();
  const auto bound = bound_endpoint(*fd);
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->address.to_string(), "::1");
  EXPECT_NE(bound->port.value, 0);
}

}  // namespace
}  // namespace pinion
