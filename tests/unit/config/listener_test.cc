// SPDX-License-Identifier: Apache-2.0
// Listeners: as text, in both forms of the file, and the ports that their ranges are divided into.
#include "config/yaml/save.h"
#include "tests/unit/config/fixtures.h"

namespace pinion::config {
namespace {

using testing::ElementsAre;

TEST(Listener, ParsesWhatItPrints) {
  for (const char* text : {"10.0.0.1:80/tcp", "10.0.0.0/8:any/udp", "10.0.0.1:36412/sctp",
                           "10.0.0.1:8000-8100/tcp", "[fd00::1]:80/tcp", "[fd00::/64]:1-2/udp"})
    EXPECT_EQ(to_string(parse_listener(text).value()), text);
  EXPECT_EQ(to_string(parse_listener("10.0.0.1:80").value()), "10.0.0.1:80/tcp");
  EXPECT_EQ(to_string(parse_listener("10.0.0.1/32:80").value()), "10.0.0.1:80/tcp");
  for (const char* text : {"", ":", "10.0.0.1", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:80/dccp",
                           "10.0.0.1:80/", "fd00::1:80", "[10.0.0.1]:80", "10.0.0.0/33:80"})
    EXPECT_FALSE(parse_listener(text)) << text;
}

bool is_in(const PortBlock& block, uint32_t port) {
  return block.bits == 0 || (port ^ block.first) >> (16 - block.bits) == 0;
}

// Every port is in exactly one block, if it is in the range, and in none if it is not.
void expect_divided(const Ports& ports) {
  const auto blocks = blocks_of(ports);
  ASSERT_LE(blocks.size(), 30u);
  uint32_t covered = 0;
  for (const PortBlock& block : blocks) {
    const uint32_t size = 1u << (16 - block.bits);
    ASSERT_EQ(block.first % size, 0u) << ports.to_string();
    ASSERT_TRUE(ports.first <= block.first && block.first + size - 1 <= ports.last);
    covered += size;
  }
  ASSERT_EQ(covered, ports.count()) << ports.to_string();
  for (size_t i = 1; i < blocks.size(); ++i)
    ASSERT_EQ(blocks[i].first, blocks[i - 1].first + (1u << (16 - blocks[i - 1].bits)));
}

TEST(PortBlocks, HaveEachPortOnce) {
  for (const Ports& ports : {Ports::any(), Ports::one(80), Ports{1, 65535}, Ports{1, 65534},
                             Ports{8000, 8100}, Ports{0, 1}, Ports{65534, 65535}})
    expect_divided(ports);
  for (uint32_t first = 1; first < 65536; first += 211)
    for (uint32_t last = first; last < 65536; last += 97)
      expect_divided({static_cast<uint16_t>(first), static_cast<uint16_t>(last)});
  const auto blocks = blocks_of({8000, 8100});
  for (uint32_t port = 0; port < 65536; ++port)
    ASSERT_EQ(std::count_if(blocks.begin(), blocks.end(),
                            [&](const PortBlock& block) { return is_in(block, port); }),
              port >= 8000 && port <= 8100)
        << port;
  EXPECT_EQ(blocks_of({1, 65534}).size(), 30u) << "as many as there can be";
  EXPECT_THAT(blocks_of(Ports::any()), ElementsAre(PortBlock{0, 0}));
}

TEST(Listeners, OneInEitherFormIsTheSame) {
  const std::string head =
      "director: {interfaces: [eth0]}\nvips: [{address: 192.0.2.0/28, interface: eth0}]\n";
  const std::string tail = ", servers: [{address: 10.0.0.1}]}]\n";
  const auto one = load(head + "services: [{vip: 192.0.2.1, port: any, protocol: udp" + tail,
                        "short", kVocabulary);
  const auto same =
      load(head + "services: [{listeners: [{vip: 192.0.2.1, port: any, protocol: udp}]" + tail,
           "long", kVocabulary);
  EXPECT_EQ(all_of(one.problems) + all_of(same.problems), "");
  EXPECT_TRUE(one.config == same.config);
  EXPECT_THAT(to_yaml(same.config),
              testing::HasSubstr("  - vip: 192.0.2.1\n    port: any\n    protocol: udp\n"));
}

TEST(Listeners, SeveralAreAList) {
  Config config = sound_config();
  config.services[0].listeners.push_back({prefix("192.0.2.0/28"), {8000, 8100}, Protocol::kUdp});
  EXPECT_THAT(to_yaml(config),
              testing::HasSubstr("  - name: web\n"
                                 "    listeners:\n"
                                 "      - {vip: 10.0.0.100, port: 80}\n"
                                 "      - {vip: 192.0.2.0/28, port: 8000-8100, protocol: udp}\n"
                                 "    servers:\n"));
  EXPECT_TRUE(load(to_yaml(config), "saved", kVocabulary).config == config);
}

TEST(Listeners, FaultsAreWhereTheyAreWritten) {
  const std::string head = "director: {interfaces: [eth0]}\nservices:\n";
  const std::string servers = ", servers: [{address: 10.0.0.1}]}\n";
  EXPECT_EQ(all_of(load(head + "- {vip: 127.0.0.1, port: 80" + servers, "f", kVocabulary).problems),
            "f:3:9: services[0].vip: a loopback address cannot be reached from the network\n");
  EXPECT_EQ(
      all_of(load(head + "- {listeners: [{vip: 127.0.0.1, port: 80}]" + servers, "f", kVocabulary)
                 .problems),
      "f:3:22: services[0].listeners[0].vip: a loopback address cannot be reached from the "
      "network\n");
}

std::vector<std::string> lines(const Config& from, const Config& to) {
  std::vector<std::string> result;
  for (const Difference& difference : diff(from, to))
    result.push_back(difference.path + ": " + difference.from + " -> " + difference.to);
  return result;
}

TEST(Listeners, DifferInTheFormThatTheyHave) {
  const Config from = sound_config();
  Config to = from;
  to.services[0].listeners[0].ports = {80, 90};
  EXPECT_THAT(lines(from, to), ElementsAre("services[web].port: 80 -> 80-90"));
  to = from;
  to.services[0].listeners.push_back({prefix("10.0.0.100"), Ports::one(443)});
  EXPECT_THAT(lines(from, to), ElementsAre("services[web].listeners[10.0.0.100:443/tcp]:  -> {vip: "
                                           "10.0.0.100, port: 443}"));
}

}  // namespace
}  // namespace pinion::config
