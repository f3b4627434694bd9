// SPDX-License-Identifier: Apache-2.0
// Two hosts on one wire, in network namespaces without names: they are gone when the test is.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>

#include "balancer/base/asio.h"
#include "balancer/base/fd.h"

namespace pinion {

// The test's thread is in the director's namespace, whose d0 (02:00:00:00:00:d0, 10.0.0.1/24,
// fd00::1/64) is wired to the peer's p0 (02:00:00:00:00:a0, 10.0.0.2/24, fd00::2/64).
class Namespaces : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: it makes network namespaces";
    home_ = current();
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    peer_ = current();
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    director_ = current();
    wire();
    sh("ip link set lo up");
  }

  void TearDown() override {
    if (home_) setns(home_.get(), CLONE_NEWNET);
  }

  void wire() {
    sh("ip link add d0 address 02:00:00:00:00:d0 type veth peer name p0 "
       "address 02:00:00:00:00:a0 netns /proc/" +
       std::to_string(getpid()) + "/fd/" + std::to_string(peer_.get()));
    on_peer([] {
      sh("ip addr add 10.0.0.2/24 dev p0 && ip -6 addr add fd00::2/64 dev p0 nodad && "
         "ip link set p0 up");
    });
    sh("ip addr add 10.0.0.1/24 dev d0 && ip -6 addr add fd00::1/64 dev d0 nodad && "
       "ip link set d0 up");
  }

  static void sh(const std::string& command) {
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }

  void on_peer(const std::function<void()>& act) {
    ASSERT_EQ(setns(peer_.get(), CLONE_NEWNET), 0);
    act();
    ASSERT_EQ(setns(director_.get(), CLONE_NEWNET), 0);
  }

  void peer_sh(const std::string& command) {
    on_peer([&] { sh(command); });
  }

  // Runs the loop until then; false: it did not become true in time.
  bool becomes(const std::function<bool()>& condition,
               std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(10));
    }
    return true;
  }

  void run_for(std::chrono::milliseconds time) {
    becomes([] { return false; }, time);
  }

  asio::io_context io_;

 private:
  static Fd current() { return Fd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)); }

  Fd home_, peer_, director_;
};

}  // namespace pinion
