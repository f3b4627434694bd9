// SPDX-License-Identifier: Apache-2.0
// A data plane of the test's own, in the kernel, pinned under a name that no other test has.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "balancer/dataplane/pins.h"
#include "balancer/dataplane/program.h"
#include "balancer/dataplane/tables.h"
#include "config/config.h"

namespace pinion {

#define ASSERT_DONE(result)                                                     \
  do {                                                                          \
    const auto& done = (result);                                                \
    ASSERT_TRUE(done.has_value()) << #result << ": " << done.error().message(); \
  } while (false)

class Plane : public testing::Test {
 protected:
  Plane() {
    director_.instance = "unit-" + std::to_string(getpid());
    director_.connections = {.ipv4 = 1024, .ipv6 = 1024};
    director_.limits = {.services = 2, .servers = 4, .slots = 64, .prefixes = 4};
  }

  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: it loads a data plane and pins it";
    auto pins = Pins::open(director_.instance);
    if (!pins) GTEST_SKIP() << pins.error().message();
    pins_ = std::make_unique<Pins>(std::move(*pins));
    auto program = Program::load(*pins_, director_, kFeatures);
    if (!program && program.error().code == std::errc::operation_not_permitted)
      GTEST_SKIP() << program.error().message();
    ASSERT_DONE(program);
    program_ = std::make_unique<Program>(std::move(*program));
  }

  void TearDown() override {
    if (!pins_) return;
    pins_->remove_all("");
  }

  // Fills the settings in and pins everything, as a first start does.
  void pin() {
    auto tables = Tables::open(*program_, director_.limits);
    ASSERT_DONE(tables);
    tables->begin(program_->constants());
    ASSERT_DONE(program_->pin(*pins_));
  }

  // What the next daemon loads.
  Result<Program> load_again() { return Program::load(*pins_, director_, kFeatures); }

  static constexpr Features kFeatures{.methods = 1u << PINION_METHOD_DR};

  config::Director director_;
  std::unique_ptr<Pins> pins_;
  std::unique_ptr<Program> program_;
};

}  // namespace pinion
