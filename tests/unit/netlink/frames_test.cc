// SPDX-License-Identifier: Apache-2.0
#include "balancer/netlink/frames.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace pinion {
namespace {

const Mac kOwn = *Mac::parse("02:00:00:00:00:d0");
const Mac kPeer = *Mac::parse("02:00:00:00:00:a0");
const Address kVip4 = *Address::parse("10.0.0.9");
const Address kVip6 = *Address::parse("fd00::1:2345");

std::string hex(const Frame& frame) {
  std::string text;
  for (const uint8_t byte : frame) {
    char digits[3];
    std::snprintf(digits, sizeof(digits), "%02x", byte);
    text += digits;
  }
  return text;
}

TEST(Frames, GratuitousArpInBothForms) {
  EXPECT_EQ(hex(gratuitous_arp(kOwn, kVip4, ArpForm::kRequest)),
            "ffffffffffff0200000000d00806"
            "00010800060400010200000000d00a0000090000000000000a000009");
  EXPECT_EQ(hex(gratuitous_arp(kOwn, kVip4, ArpForm::kReply)),
            "ffffffffffff0200000000d00806"
            "00010800060400020200000000d00a0000090200000000d00a000009");
}

TEST(Frames, ArpQuestions) {
  EXPECT_EQ(hex(ask({kOwn, {}}, kVip4)),
            "ffffffffffff0200000000d00806"
            "00010800060400010200000000d0000000000000000000000a000009");
  EXPECT_EQ(hex(ask({kOwn, Address::parse("10.0.0.1")}, kVip4, kPeer)),
            "0200000000a00200000000d00806"
            "00010800060400010200000000d00a0000010000000000000a000009");
}

// The checksums were computed elsewhere, by RFC 1071.
TEST(Frames, NeighbourDiscovery) {
  EXPECT_EQ(hex(unsolicited_advertisement(kOwn, kVip6)),
            "3333000000010200000000d086dd6000000000203aff"
            "fd000000000000000000000000012345ff020000000000000000000000000001"
            "8800134220000000fd00000000000000000000000001234502010200000000d0");
  EXPECT_EQ(hex(ask({kOwn, Address::parse("fe80::1")}, kVip6)),
            "3333ff0123450200000000d086dd6000000000203aff"
            "fe800000000000000000000000000001ff0200000000000000000001ff012345"
            "870034c000000000fd00000000000000000000000001234501010200000000d0");
  EXPECT_EQ(hex(ask({kOwn, {}}, kVip6)),
            "3333ff0123450200000000d086dd6000000000183aff"
            "00000000000000000000000000000000ff0200000000000000000001ff012345"
            "8700371b00000000fd000000000000000000000000012345");
}

TEST(Frames, WhatIsSentIsRead) {
  EXPECT_EQ(read_claim(gratuitous_arp(kOwn, kVip4, ArpForm::kReply)),
            (Claim{kVip4, kOwn, true, false}));
  EXPECT_EQ(read_claim(gratuitous_arp(kOwn, kVip4, ArpForm::kRequest)),
            (Claim{kVip4, kOwn, false, false}));
  EXPECT_EQ(read_claim(unsolicited_advertisement(kOwn, kVip6)), (Claim{kVip6, kOwn, true, false}));
  EXPECT_EQ(read_claim(ask({kOwn, {}}, kVip4)), (Claim{kVip4, kOwn, false, true}));
  EXPECT_EQ(read_claim(ask({kOwn, {}}, kVip6)), (Claim{kVip6, kOwn, false, true}));
}

TEST(Frames, WhatIsCutShortIsNothing) {
  const Frame arp = gratuitous_arp(kOwn, kVip4, ArpForm::kReply);
  for (size_t size = 0; size < arp.size(); ++size)
    EXPECT_FALSE(read_claim(std::span(arp).first(size))) << size;
  const Frame nd = unsolicited_advertisement(kOwn, kVip6);
  for (size_t size = 0; size < nd.size(); ++size)
    EXPECT_FALSE(read_claim(std::span(nd).first(size))) << size;
}

TEST(Frames, AnyBitThatFlipsInAnAdvertisementIsNoticed) {
  const Frame good = unsolicited_advertisement(kOwn, kVip6);
  for (size_t i = 22; i < good.size(); ++i) {  // From the addresses on: what the checksum covers.
    Frame bad = good;
    bad[i] ^= 0x10;
    EXPECT_FALSE(read_claim(bad)) << i;
  }
}

TEST(Frames, AnAdvertisementFromBeyondARouterIsNothing) {
  Frame frame = unsolicited_advertisement(kOwn, kVip6);
  frame[21] = 254;
  EXPECT_FALSE(read_claim(frame));
}

}  // namespace
}  // namespace pinion
