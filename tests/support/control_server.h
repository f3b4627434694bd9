// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "balancer/control/server.h"
#include "tests/support/event_loop.h"
#include "tests/support/fake_director.h"

namespace pinion::test {

// The control API of a FakeDirector, on a socket of its own.
class ControlServer : public testing::Test {
 protected:
  ControlServer() {
    loop_.on([this] {
      server_ = std::make_unique<control::Server>(loop_.context(), director_);
      const auto listening =
          server_->listen({.socket = path_, .group = std::to_string(getgid()), .mode = 0600});
      if (!listening) ADD_FAILURE() << listening.error().message();
    });
  }
  ~ControlServer() override {
    loop_.on([this] { server_.reset(); });
  }

  FakeDirector director_;
  EventLoop loop_;
  std::string path_ = testing::TempDir() + "control." + std::to_string(getpid());
  std::unique_ptr<control::Server> server_;
};

}  // namespace pinion::test
