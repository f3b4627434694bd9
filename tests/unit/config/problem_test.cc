// SPDX-License-Identifier: Apache-2.0
#include "config/problem.h"

#include <gtest/gtest.h>

namespace pinion::config {
namespace {

Config sample() {
  Config config;
  config.vips = {{*Prefix::parse("10.0.0.100/32"), "eth0", ""}};
  config.director.local_addresses = {{*Address::parse("10.0.0.200"), "eth0"}};
  config.host_routes = {{*Prefix::parse("10.77.0.0/24"), {}, "eth0", 0}};
  Service web;
  web.name = "web";
  web.servers = {{*Address::parse("10.0.0.11")}, {*Address::parse("fd00::12"), 1, Port{8080}}};
  Service dns;
  dns.name = "dns";
  dns.listeners = {{*Prefix::parse("10.0.0.100"), Ports::one(53), Protocol::kUdp},
                   {*Prefix::parse("10.0.0.100"), Ports::one(53)}};
  config.services = {web, dns};
  return config;
}

TEST(ByName, NamesWhatStandsInLists) {
  const std::pair<const char*, const char*> cases[] = {
      {"services[0].servers[1].weight: expected 1",
       "service 'web', server [fd00::12]:8080, weight: expected 1"},
      {"services[0].servers[0]: x", "service 'web', server 10.0.0.11: x"},
      {"services[1]: 10.0.0.100:80/tcp is services[0] already",
       "service 'dns': 10.0.0.100:80/tcp is service 'web' already"},
      {"services[1].listeners[0].vip: x", "service 'dns', listener 10.0.0.100:53/udp, vip: x"},
      {"services[1].servers: has no server", "service 'dns', servers: has no server"},
      {"vips[0].label: x", "VIP 10.0.0.100, label: x"},
      {"director.local_addresses[0].address: x", "local address 10.0.0.200, address: x"},
      {"host_routes[0].via: x", "host route to 10.77.0.0/24, via: x"},
      {"director.xdp: x", "director.xdp: x"},
      {"is services[0].", "is service 'web'."},
  };
  for (const auto& [text, named] : cases) EXPECT_EQ(by_name(sample(), text), named);
}

TEST(ByName, LeavesAloneWhatNamesNothing) {
  for (const char* text : {"", "services", "services[", "services[]", "services[x]", "services[2]",
                           "services[0", "services[-1]", "services[99999999999999999999999]",
                           "vips[1]", "host_routes[1].to", "servers[0]"})
    EXPECT_EQ(by_name(sample(), text), text);
}

}  // namespace
}  // namespace pinion::config
