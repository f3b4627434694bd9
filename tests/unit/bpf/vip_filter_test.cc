// SPDX-License-Identifier: Apache-2.0
#include "balancer/bpf/service/vip_filter.h"

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

TEST(VipFilter, KnowsTheAddressesOfAPrefix) {
  auto filter = std::make_unique<pinion_vip_filter>();
  pinion_vip_set_prefix(filter.get(), Address::from_v4(htonl(0xc0a81000)).words().data(), 96 + 20);
  int passed = 0;
  for (uint32_t i = 0; i < 4096; ++i)
    EXPECT_TRUE(pinion_vip_test(filter.get(), bit_of(Address::from_v4(htonl(0xc0a81000 + i)))));
  for (uint32_t i = 0; i < 4096; ++i)
    passed += pinion_vip_test(filter.get(), bit_of(Address::from_v4(htonl(0xc0a82000 + i))));
  EXPECT_LT(passed, 1000);
  pinion_vip_set_prefix(filter.get(), Address::parse("2001:db8::")->words().data(), 64);
  for (uint32_t bit = 0; bit < PINION_VIP_BITS; ++bit)
    ASSERT_TRUE(pinion_vip_test(filter.get(), bit));
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
