// SPDX-License-Identifier: Apache-2.0
// What the data plane costs the kernel's verifier, whose limits every kernel and compiler must
// keep: a million instructions, and 512 bytes of stack in any chain of calls. The budgets leave
// room for what is to come.
#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <tuple>

#include "balancer/bpf/abi/abi.h"
#include "tests/packet/object.h"

namespace pinion::packet {
namespace {

struct FeatureSet {
  friend void PrintTo(const FeatureSet& set, std::ostream* out) { *out << set.name; }

  const char* name;
  Features features;
  uint32_t instructions;  // At most.
};

constexpr uint32_t kAll = 250'000;
constexpr uint32_t kDrAlone = 110'000;
constexpr uint32_t kStack = 512 - 96;

constexpr Features only(pinion_method method) { return {.code = {.methods = 1u << method}}; }

constexpr Features all() {
  Features features;
  features.code.vlans = true;
  return features;
}

const FeatureSet kSets[] = {
    {"Dr", only(PINION_METHOD_DR), kDrAlone},
    {"Nat", only(PINION_METHOD_NAT), kAll},
    {"Tun", only(PINION_METHOD_TUN), kAll},
    {"FullNat", only(PINION_METHOD_FULLNAT), kAll},
    {"All", all(), kAll},
};

class Verifier : public testing::TestWithParam<std::tuple<FeatureSet, const char*>> {};

TEST_P(Verifier, KeepsWithinTheBudget) {
  const auto& [set, object] = GetParam();
  if (!std::filesystem::exists(object)) GTEST_SKIP() << object << " was not built";
  Verified verified{};
  try {
    verified = verify(object, set.features);
  } catch (const std::system_error& error) {
    if (error.code().value() == EPERM) GTEST_SKIP() << "CAP_BPF is missing: " << error.what();
    throw;
  }
  std::cout << "  " << verified.instructions << " instructions, " << verified.jited
            << " bytes of code, " << static_cast<int>(verified.seconds * 1000) << " ms";
  if (verified.stack) std::cout << ", " << *verified.stack << " bytes of stack";
  std::cout << '\n';
  EXPECT_LE(verified.instructions, set.instructions);
  EXPECT_LE(verified.stack.value_or(0), kStack);
  if (set.features.code.vlans) {
    EXPECT_TRUE(verified.stack) << "nothing has been left out";
  }
}

INSTANTIATE_TEST_SUITE_P(Features, Verifier,
                         testing::Combine(testing::ValuesIn(kSets),
                                          testing::Values(kObject, kClang19Object)),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param).name) +
                                  (std::get<1>(test.param) == kObject ? "" : "Clang19");
                         });

}  // namespace
}  // namespace pinion::packet
