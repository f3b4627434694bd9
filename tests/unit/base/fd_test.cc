// SPDX-License-Identifier: Apache-2.0
#include "balancer/base/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace pinion {
namespace {

int open_null() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(Fd, ClosesWhatItOwns) {
  const int raw = open_null();
  {
    const Fd fd(raw);
    EXPECT_TRUE(fd);
    EXPECT_EQ(fd.get(), raw);
    EXPECT_TRUE(is_open(raw));
  }
  EXPECT_FALSE(is_open(raw));
}

TEST(Fd, OwnsNothingAtFirst) {
  const Fd fd;
  EXPECT_FALSE(fd);
  EXPECT_EQ(fd.get(), -1);
}

TEST(Fd, ZeroIsADescriptor) {
  Fd fd(0);
  EXPECT_TRUE(fd);
  EXPECT_EQ(fd.release(), 0);
}

TEST(Fd, MovingHandsOver) {
  const int first = open_null();
  const int second = open_null();
  Fd from(first);
  Fd to(second);
  to = std::move(from);
  EXPECT_FALSE(from);
  EXPECT_EQ(to.get(), first);
  EXPECT_FALSE(is_open(second));
  const Fd made(std::move(to));
  EXPECT_EQ(made.get(), first);
  EXPECT_TRUE(is_open(first));
}

TEST(Fd, MovingOntoItselfKeepsIt) {
  Fd fd(open_null());
  Fd& same = fd;
  fd = std::move(same);
  EXPECT_TRUE(fd);
  EXPECT_TRUE(is_open(fd.get()));
}

TEST(Fd, ReleaseLeavesItOpenAndResetCloses) {
  Fd fd(open_null());
  const int raw = fd.release();
  EXPECT_FALSE(fd);
  EXPECT_TRUE(is_open(raw));
  fd.reset(raw);
  fd.reset();
  EXPECT_FALSE(is_open(raw));
}

}  // namespace
}  // namespace pinion
