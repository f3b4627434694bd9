// SPDX-License-Identifier: Apache-2.0
#include "balancer/base/error.h"

#include <gtest/gtest.h>

#include <memory>

namespace pinion {
namespace {

TEST(Error, MessageSaysWhatWasAttemptedAndWhatHappened) {
  EXPECT_EQ(errno_error("add 10.0.0.1/32 to eth0", EPERM).message(),
            "add 10.0.0.1/32 to eth0: Operation not permitted");
  EXPECT_EQ(refusal("no service 'wbe'").message(), "no service 'wbe'");
  EXPECT_EQ(with_remedy(errno_error("attach XDP to eth0", EOPNOTSUPP), "try auto").message(),
            "attach XDP to eth0: Operation not supported; try auto");
}

TEST(Error, ErrnoIsTheDefault) {
  errno = ENOENT;
  EXPECT_EQ(errno_error("open").code, std::errc::no_such_file_or_directory);
}

TEST(Result, HoldsAValueOrAnError) {
  Result<int> value = 7;
  ASSERT_TRUE(value);
  EXPECT_EQ(*value, 7);
  const Result<int> error = refusal("no");
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().context, "no");
}

TEST(Result, AnErrorWithoutCodeIsStillAnError) {
  const Result<> refused = refusal("");
  EXPECT_FALSE(refused);
  EXPECT_TRUE(Result<>());
}

TEST(Result, TheValueMayBeAnErrorItself) {
  const Result<Error, std::string> value(refusal("a value"));
  ASSERT_TRUE(value);
  EXPECT_EQ(value->context, "a value");
}

TEST(Result, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 3);
}

TEST(OrThrow, GivesTheValueOrThrowsTheMessage) {
  EXPECT_EQ(or_throw(Result<int>(4)), 4);
  EXPECT_NO_THROW(or_throw(Result<>()));
  try {
    or_throw(Result<int>(errno_error("open the map", EACCES)));
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "open the map: Permission denied");
  }
  EXPECT_THROW(or_throw(Result<>(refusal("no"))), std::runtime_error);
}

}  // namespace
}  // namespace pinion
