// SPDX-License-Identifier: Apache-2.0
// What the tests of the configuration share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/check/check.h"
#include "config/config.h"
#include "config/yaml/load.h"

namespace pinion::config {

inline const Vocabulary kVocabulary = {{"rr", "wrr", "mh"}};

inline Address address(std::string_view text) { return Address::parse(text).value(); }
inline Prefix prefix(std::string_view text) { return Prefix::parse(text).value(); }

// One interface, one VIP, one service with two servers: nothing to complain of.
inline Config sound_config() {
  Config config;
  config.director.interfaces = {"eth0"};
  config.vips = {{prefix("10.0.0.100/32"), "eth0", ""}};
  Service service;
  service.name = "web";
  service.listeners = {{prefix("10.0.0.100"), Ports::one(80)}};
  service.servers = {{address("10.0.0.11"), 1}, {address("10.0.0.12"), 2}};
  config.services = {service};
  return config;
}

inline std::string all_of(const std::vector<Problem>& problems) {
  std::string lines;
  for (const Problem& problem : problems) lines += problem.to_string() + "\n";
  return lines;
}

}  // namespace pinion::config
