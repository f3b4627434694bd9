// SPDX-License-Identifier: Apache-2.0
#include "balancer/base/net.h"

#include <gtest/gtest.h>

#include <unordered_set>

namespace pinion {
namespace {

using namespace std::string_view_literals;

Address address(std::string_view text) {
  const auto parsed = Address::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Address());
}

struct Spelling {
  std::string_view text;
  std::string_view canonical;
};

TEST(Address, ParsesAndPrintsCanonically) {
  const Spelling spellings[] = {
      {"0.0.0.0", "0.0.0.0"},
      {"192.168.88.88", "192.168.88.88"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {"::ffff:10.0.0.1", "10.0.0.1"},
      {"::ffff:a00:1", "10.0.0.1"},
  };
  for (const Spelling& spelling : spellings) {
    const Address parsed = address(spelling.text);
    EXPECT_EQ(parsed.to_string(), spelling.canonical);
    EXPECT_EQ(Address::parse(parsed.to_string()), parsed);
  }
}

TEST(Address, RefusesWhatIsNone) {
  for (const auto text : {""sv,
                          " "sv,
                          "10.0.0"sv,
                          "10.0.0.256"sv,
                          "10.0.0.1.2"sv,
                          "10.0.0.01"sv,
                          "0x0a.0.0.1"sv,
                          "10.0.0.1 "sv,
                          " 10.0.0.1"sv,
                          "10.0.0.1/32"sv,
                          "10.0.0.1:80"sv,
                          "-1.0.0.1"sv,
                          "167772161"sv,
                          "[::1]"sv,
                          ":::"sv,
                          "1::2::3"sv,
                          "::12345"sv,
                          "::g"sv,
                          "1:2:3:4:5:6:7"sv,
                          "fe80::1%eth0"sv,
                          "1:2:3:4:5:6:7:8:9"sv,
                          "localhost"sv,
                          "10.0.0.1\n"sv,
                          "10.0.0.1\0junk"sv,
                          "::1\0"sv})
    EXPECT_FALSE(Address::parse(text)) << '"' << text << '"';
}

TEST(Address, KeepsIpv4AsTheMapsDo) {
  const Address v4 = address("10.1.2.3");
  EXPECT_TRUE(v4.is_v4());
  EXPECT_EQ(v4.bits(), 32);
  EXPECT_EQ(v4.family(), AF_INET);
  const std::array<uint8_t, 16> bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 1, 2, 3};
  EXPECT_EQ(v4.bytes(), bytes);
  EXPECT_EQ(v4.v4(), htonl(0x0a010203));
  EXPECT_EQ(Address::from_v4(htonl(0x0a010203)), v4);
  EXPECT_EQ(v4.words()[2], htonl(0xffff));
  EXPECT_EQ(v4.words()[3], htonl(0x0a010203));
}

TEST(Address, MakesTheRoundTripThroughWordsAndBytes) {
  for (const auto text : {"0.0.0.0", "10.1.2.3", "::", "2001:db8::53", "ff02::1"}) {
    const Address original = address(text);
    __be32 words[4];
    const auto from = original.words();
    std::copy(from.begin(), from.end(), words);
    EXPECT_EQ(Address::from_words(words), original);
    EXPECT_EQ(Address::from_v6(original.bytes()), original);
  }
}

struct Kind {
  std::string_view text;
  bool unspecified, multicast, loopback, link_local;
};

TEST(Address, TellsItsKind) {
  const Kind kinds[] = {
      {"0.0.0.0", true, false, false, false},
      {"::", true, false, false, false},
      {"0.0.0.1", false, false, false, false},
      {"223.255.255.255", false, false, false, false},
      {"224.0.0.0", false, true, false, false},
      {"239.255.255.255", false, true, false, false},
      {"240.0.0.0", false, false, false, false},
      {"ff02::1", false, true, false, false},
      {"fe00::1", false, false, false, false},
      {"127.0.0.0", false, false, true, false},
      {"127.255.255.255", false, false, true, false},
      {"126.0.0.1", false, false, false, false},
      {"::1", false, false, true, false},
      {"::2", false, false, false, false},
      {"169.254.0.1", false, false, false, true},
      {"169.253.0.1", false, false, false, false},
      {"fe80::1", false, false, false, true},
      {"febf::1", false, false, false, true},
      {"fec0::1", false, false, false, false},
  };
  for (const Kind& kind : kinds) {
    const Address parsed = address(kind.text);
    EXPECT_EQ(parsed.is_unspecified(), kind.unspecified) << kind.text;
    EXPECT_EQ(parsed.is_multicast(), kind.multicast) << kind.text;
    EXPECT_EQ(parsed.is_loopback(), kind.loopback) << kind.text;
    EXPECT_EQ(parsed.is_link_local(), kind.link_local) << kind.text;
  }
}

TEST(Address, OrdersAndHashesByValue) {
  EXPECT_LT(address("10.0.0.1"), address("10.0.0.2"));
  EXPECT_NE(address("10.0.0.1"), address("::a00:1"));
  const std::unordered_set<Address> set = {address("10.0.0.1"), address("::ffff:10.0.0.1"),
                                           address("10.0.0.2")};
  EXPECT_EQ(set.size(), 2u);
}

TEST(Prefix, ParsesAndPrints) {
  const Spelling spellings[] = {
      {"10.0.0.0/8", "10.0.0.0/8"},
      {"10.0.0.1", "10.0.0.1/32"},
      {"10.0.0.1/24", "10.0.0.1/24"},
      {"0.0.0.0/0", "0.0.0.0/0"},
      {"2001:db8::/32", "2001:db8::/32"},
      {"2001:db8::1", "2001:db8::1/128"},
      {"::/0", "::/0"},
      {"2001:db8::1/128", "2001:db8::1/128"},
  };
  for (const Spelling& spelling : spellings) {
    const auto prefix = Prefix::parse(spelling.text);
    ASSERT_TRUE(prefix) << spelling.text;
    EXPECT_EQ(prefix->to_string(), spelling.canonical);
    EXPECT_EQ(Prefix::parse(prefix->to_string()), prefix);
  }
  EXPECT_TRUE(Prefix::parse("10.0.0.1")->is_host());
  EXPECT_TRUE(Prefix::parse("::1/128")->is_host());
  EXPECT_FALSE(Prefix::parse("::1/32")->is_host());
}

TEST(Prefix, RefusesWhatIsNone) {
  for (const auto text :
       {""sv, "/"sv, "/8"sv, "10.0.0.0/"sv, "10.0.0.0/33"sv, "10.0.0.0/-1"sv, "10.0.0.0/+8"sv,
        "10.0.0.0/8 "sv, "10.0.0.0/ 8"sv, "10.0.0.0/8/8"sv, "10.0.0.0/0x8"sv, "::/129"sv,
        "10.0.0.0/4294967304"sv, "10.0.0.0/255.0.0.0"sv, "10/8"sv, "10.0.0.0/8\0"sv})
    EXPECT_FALSE(Prefix::parse(text)) << '"' << text << '"';
}

TEST(Port, SwapsOnce) {
  EXPECT_EQ(Port{80}.be(), htons(80));
  EXPECT_EQ(Port::from_be(htons(80)), Port{80});
  for (unsigned value = 0; value <= 65535; ++value) {
    const Port port{static_cast<uint16_t>(value)};
    ASSERT_EQ(Port::from_be(port.be()), port);
  }
}

TEST(Ports, ParseWhatTheyPrint) {
  for (const char* text : {"1", "80", "65535", "8000-8100", "1-65535", "any"})
    EXPECT_EQ(Ports::parse(text).value().to_string(), text);
  EXPECT_EQ(Ports::parse("80-80"), Ports::one(80));
  EXPECT_EQ(Ports::any().count(), 65536u);
  for (const char* text :
       {"", "0", "0-1", "2-1", "1-", "-1", "1-2-3", "65536", "1-65536", "all", " 80", "80 ", "+80"})
    EXPECT_FALSE(Ports::parse(text)) << text;
}

TEST(Mac, ParsesAndPrints) {
  const auto mac = Mac::parse("02:00:5e:00:00:fF");
  ASSERT_TRUE(mac);
  EXPECT_EQ(mac->bytes, (std::array<uint8_t, 6>{2, 0, 0x5e, 0, 0, 255}));
  EXPECT_EQ(mac->to_string(), "02:00:5e:00:00:ff");
  EXPECT_FALSE(mac->is_zero());
  EXPECT_TRUE(Mac::parse("00:00:00:00:00:00")->is_zero());
}

TEST(Mac, RefusesWhatIsNone) {
  for (const auto text :
       {""sv, "02:00:00:00:00"sv, "02:00:00:00:00:1"sv, "2:0:0:0:0:1"sv, "02:00:00:00:00:001"sv,
        "02-00-00-00-00-01"sv, "02:00:00:00:00:0g"sv, "02:00:00:00:00:-1"sv, "02:00:00:00:00: 1"sv,
        "0x:00:00:00:00:01"sv, "02:00:00:00:00:01:"sv, "02:00:00:00:00:1\0"sv, "0200.0000.0001"sv})
    EXPECT_FALSE(Mac::parse(text)) << '"' << text << '"';
}

TEST(Protocol, ParsesWhatItPrints) {
  EXPECT_EQ(parse_protocol("tcp"), Protocol::kTcp);
  EXPECT_EQ(parse_protocol("udp"), Protocol::kUdp);
  EXPECT_EQ(parse_protocol("sctp"), Protocol::kSctp);
  for (const Protocol protocol : kProtocols)
    EXPECT_EQ(parse_protocol(to_string(protocol)), protocol) << to_string(protocol);
  for (const auto text : {""sv, "TCP"sv, "tcp "sv, "6"sv, "132"sv})
    EXPECT_FALSE(parse_protocol(text)) << text;
}

TEST(Endpoint, ParsesWhatItPrints) {
  for (const auto text : {"10.0.0.1:80"sv, "[2001:db8::1]:80"sv, "0.0.0.0:0"sv, "[::]:65535"sv}) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(to_string(endpoint->address, endpoint->port), text);
  }
}

TEST(Endpoint, RefusesWhatIsNone) {
  for (const auto text : {""sv,
                          ":"sv,
                          ":80"sv,
                          "10.0.0.1"sv,
                          "10.0.0.1:"sv,
                          "10.0.0.1:65536"sv,
                          "10.0.0.1:-1"sv,
                          "10.0.0.1:+80"sv,
                          "10.0.0.1: 80"sv,
                          "10.0.0.1:80 "sv,
                          "10.0.0.1:http"sv,
                          "[10.0.0.1]:80"sv,
                          "::1:80"sv,
                          "[::1]"sv,
                          "[::1:80"sv,
                          "::1]:80"sv,
                          "[]:80"sv,
                          "[[::1]]:80"sv,
                          "[::1]80"sv,
                          "localhost:80"sv,
                          "10.0.0.1\0:80"sv,
                          "10.0.0.1:80\0"sv})
    EXPECT_FALSE(parse_endpoint(text)) << '"' << text << '"';
}

TEST(Prefix, KnowsItsNetworkAndWhatIsInIt) {
  const auto address = [](const char* text) { return *Address::parse(text); };
  EXPECT_EQ(Prefix::parse("172.16.255.9/20")->network(), address("172.16.240.0"));
  EXPECT_EQ(Prefix::parse("fd00:1:2:3:4::5/64")->network(), address("fd00:1:2:3::"));
  EXPECT_EQ(Prefix::parse("10.0.0.7/32")->network(), address("10.0.0.7"));
  EXPECT_EQ(Prefix::parse("10.0.0.7/0")->network(), address("0.0.0.0"));
  EXPECT_TRUE(Prefix::parse("172.16.240.0/20")->contains(address("172.16.255.255")));
  EXPECT_FALSE(Prefix::parse("172.16.240.0/20")->contains(address("172.16.239.255")));
  EXPECT_FALSE(Prefix::parse("0.0.0.0/0")->contains(address("fd00::1")));
  EXPECT_TRUE(Prefix::parse("::/0")->contains(address("fd00::1")));
}

}  // namespace
}  // namespace pinion
