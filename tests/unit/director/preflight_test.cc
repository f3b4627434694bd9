// SPDX-License-Identifier: Apache-2.0
#include "balancer/director/preflight.h"

#include <gmock/gmock.h>
#include <linux/capability.h>

namespace pinion {
namespace {

using testing::HasSubstr;

constexpr uint64_t bit(unsigned capability) { return uint64_t{1} << capability; }

constexpr uint64_t kAll = bit(CAP_NET_ADMIN) | bit(CAP_NET_RAW) | bit(CAP_BPF) | bit(CAP_PERFMON);

TEST(Preflight, TakesTheKernelsThatDo) {
  for (const char* release : {"6.1.0-56-cloud-amd64", "6.1", "6.18.44", "7.0-rc1", "mainline"})
    EXPECT_TRUE(check_kernel(release)) << release;
}

TEST(Preflight, NamesAKernelThatIsTooOld) {
  for (const char* release : {"6.0.19", "5.15.0-91-generic", "4.18", "2.6.32"}) {
    const auto refused = check_kernel(release);
    ASSERT_FALSE(refused) << release;
    EXPECT_EQ(refused.error().message(),
              std::string("piniond needs Linux 6.1 or newer, this is ") + release);
  }
}

TEST(Preflight, NeedsFourCapabilitiesAndNoMore) {
  EXPECT_TRUE(check_capabilities(kAll));
  EXPECT_TRUE(check_capabilities(~uint64_t{0}));
}

TEST(Preflight, NamesEachMissingCapability) {
  EXPECT_THAT(check_capabilities(kAll & ~bit(CAP_BPF)).error().message(),
              HasSubstr("piniond lacks CAP_BPF; start it as root"));
  EXPECT_THAT(check_capabilities(0).error().message(),
              HasSubstr("lacks CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON, CAP_NET_RAW;"));
}

}  // namespace
}  // namespace pinion
