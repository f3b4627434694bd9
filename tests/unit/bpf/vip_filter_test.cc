// SPDX-License-Identifier: Apache-2.0
#include "balancer/bpf/vip_filter.h"

#include <gtest/gtest.h>

#include <memory>

#include "balancer/base/net.h"

namespace pinion {
namespace {

uint32_t bit_of(const Address& address) {
  const auto words = address.words();
  return pinion_vip_bit(words[0], words[1], words[2], words[3]);
}

TEST(VipFilter, KnowsTheVipsThatWereSet) {
  auto filter = std::make_unique<pinion_vip_filter>();
  for (uint32_t i = 0; i < 1000; ++i)
    pinion_vip_set(filter.get(), Address::from_v4(htonl(0xc0a80000 + i)).words().data());
  const Address v6 = *Address::parse("2001:db8::80");
  EXPECT_FALSE(pinion_vip_test(filter.get(), bit_of(v6)));
  pinion_vip_set(filter.get(), v6.words().data());
  EXPECT_TRUE(pinion_vip_test(filter.get(), bit_of(v6)));
  for (uint32_t i = 0; i < 1000; ++i)
    EXPECT_TRUE(pinion_vip_test(filter.get(), bit_of(Address::from_v4(htonl(0xc0a80000 + i)))));
}

// 1,000 VIPs set 1.5 % of the bits: so many of the other addresses may pass, and not many more.
TEST(VipFilter, LetsFewOthersPass) {
  auto filter = std::make_unique<pinion_vip_filter>();
  for (uint32_t i = 0; i < 1000; ++i)
    pinion_vip_set(filter.get(), Address::from_v4(htonl(0xc0a80000 + i)).words().data());
  int passed = 0;
  for (uint32_t i = 0; i < 100'000; ++i)
    passed += pinion_vip_test(filter.get(), bit_of(Address::from_v4(htonl(0x0a000000 + 7 * i))));
  EXPECT_LT(passed, 3000);
}

}  // namespace
}  // namespace pinion
