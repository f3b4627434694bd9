// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "config/check/check.h"
#include "tests/unit/config/fixtures.h"

namespace pinion::config {
namespace {

// A sound configuration whose first service is SCTP's; the lines that are to come of it.
struct Case {
  std::string name;
  std::function<void(Service&)> change;
  std::string lines;

  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

class CheckSctp : public testing::TestWithParam<Case> {};

TEST_P(CheckSctp, Says) {
  Config config = sound_config();
  config.director.local_addresses = {{address("10.0.0.200"), "eth0"}};
  config.services[0].listeners[0].protocol = Protocol::kSctp;
  GetParam().change(config.services[0]);
  EXPECT_EQ(all_of(check(config, kVocabulary)), GetParam().lines);
}

constexpr char kFullNat[] =
    "fullnat changes ports, which the checksum of sctp (CRC32c) covers; forward by nat, dr, tun or "
    "local\n";
constexpr char kPort[] =
    "sctp keeps the port that its packets come for, which their checksum (CRC32c) covers; leave it "
    "out\n";

const Case kCases[] = {
    {"ByDr", [](Service&) {}, ""},
    {"ByNat", [](Service& s) { s.forward = Forward::kNat; }, ""},
    {"ByTunnel", [](Service& s) { s.forward = Forward::kTunnel; }, ""},
    {"ToTheSamePort",
     [](Service& s) {
       s.forward = Forward::kNat;
       s.servers[0].port = Port{s.listeners[0].ports.first};
     },
     ""},
    {"ToAnotherPort",
     [](Service& s) {
       s.forward = Forward::kNat;
       s.servers[0].port = Port{8080};
     },
     std::string("services[0].servers[0].port: ") + kPort},
    {"ByFullNat", [](Service& s) { s.forward = Forward::kFullNat; },
     std::string("services[0].forward: ") + kFullNat},
    {"AServerByFullNat", [](Service& s) { s.servers[1].forward = Forward::kFullNat; },
     std::string("services[0].servers[1].forward: ") + kFullNat},
    {"AsOneOfTheListeners",
     [](Service& s) {
       s.listeners.insert(s.listeners.begin(), s.listeners[0]);
       s.listeners[0].protocol = Protocol::kTcp;
       s.forward = Forward::kFullNat;
     },
     std::string("services[0].forward: ") + kFullNat},
};

INSTANTIATE_TEST_SUITE_P(All, CheckSctp, testing::ValuesIn(kCases),
                         [](const auto& at) { return at.param.name; });

}  // namespace
}  // namespace pinion::config
