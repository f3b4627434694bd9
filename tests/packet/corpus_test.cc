// SPDX-License-Identifier: Apache-2.0
// Frames of every kind, whole and mutated: each has exactly one verdict, none is changed but by its
// addresses, and only what a service is for is forwarded.
#include <linux/bpf.h>

#include <algorithm>
#include <iostream>
#include <numeric>
#include <random>

#include "tests/packet/corpus.h"
#include "tests/packet/director.h"

namespace pinion::packet {
namespace {

class Corpus : public WithDirector {
 protected:
  uint64_t seen() const {
    const auto verdicts = director().verdicts();
    return std::accumulate(verdicts.begin(), verdicts.end(), uint64_t{0});
  }
  uint64_t forwarded() const {
    const auto verdicts = director().verdicts();
    return verdicts[PINION_FORWARD_KNOWN] + verdicts[PINION_FORWARD_NEW] +
           verdicts[PINION_FORWARD_ICMP] + verdicts[PINION_FORWARD_FRAGMENT] +
           verdicts[PINION_FORWARD_TABLE_FULL];
  }
  // What all real servers were sent.
  pinion_counters sent() const {
    pinion_counters all{};
    for (uint32_t server = 0; server < kServers; ++server) {
      const pinion_counters one = director().counters(server);
      all.packets += one.packets;
      all.connections += one.connections;
    }
    return all;
  }
};

TEST_F(Corpus, TheSumOfVerdictsEqualsThePacketsSeen) {
  std::mt19937 random(1);
  const auto frames = corpus();
  uint64_t given = 0;
  for (int i = 0; i < 5000; ++i) {
    if (i == 1000) director().add_server(1, {.resolved = false});
    if (i == 2000) director().add_server(1, {.ifindex = 99});
    if (i == 3000) {  // Whoever comes back after a reset finds nobody.
      director().add_service({.slots = {}});
      director().add_server(1, {.accepts = false});
    }
    if (i == 4000) director().add_server(3, {.generation = 9});
    director().run(frames[random() % frames.size()]);
    ++given;
  }
  EXPECT_EQ(seen(), given);
  EXPECT_EQ(director().verdict(PINION_NEXT), 0u);
  EXPECT_EQ(sent().packets, forwarded());
  for (const auto verdict :
       {PINION_FORWARD_KNOWN, PINION_FORWARD_NEW, PINION_FORWARD_ICMP, PINION_FORWARD_FRAGMENT,
        PINION_HOLD_FRAGMENT, PINION_PASS_NOT_IP, PINION_PASS_NOT_OURS, PINION_PASS_OTHER_PROTOCOL,
        PINION_PASS_MULTICAST, PINION_PASS_FRAGMENT, PINION_PASS_TOO_DEEP, PINION_PASS_MALFORMED,
        PINION_DROP_NO_NEIGHBOUR, PINION_DROP_NO_EGRESS, PINION_DROP_NO_SERVER,
        PINION_DROP_INTERNAL})
    EXPECT_GT(director().verdict(verdict), 0u) << name_of(verdict) << " was not met";
  expect_exact_load();
}

// Loose, since a second parser would have the first one's faults: the frame names the VIP and the
// port of the service whose server it is sent to.
// A later fragment names the VIP only.
bool names_the_service_of(uint32_t server, const Bytes& frame, bool follows) {
  const auto contains = [&](const Bytes& part) {
    return std::search(frame.begin(), frame.end(), part.begin(), part.end()) != frame.end();
  };
  return server >= 1 && server <= 4 &&
         contains(address_bytes(server <= 2 ? "10.0.0.1" : "2001:db8::1")) &&
         (follows || contains({0, static_cast<uint8_t>(server % 2 ? 80 : 53)}));
}

class Mutation {
 public:
  explicit Mutation(unsigned seed) : random_(seed) {}

  Bytes operator()(Bytes frame) {
    for (uint32_t times = 1 + below(4); times > 0; --times) mutate(frame);
    if (frame.size() < 14) frame.resize(14);
    return frame;
  }

  uint32_t below(size_t bound) { return static_cast<uint32_t>(random_() % bound); }

 private:
  // Mostly in the headers.
  size_t place(const Bytes& frame) { return below(std::min<size_t>(frame.size(), 120)); }

  void mutate(Bytes& frame) {
    static constexpr uint8_t kTelling[] = {0,    1,    4,    5,    6,    17,   43,   44,   51,  60,
                                           0x40, 0x45, 0x4f, 0x60, 0x80, 0x81, 0x86, 0xdd, 0xff};
    switch (below(6)) {
      case 0:
        frame[place(frame)] = static_cast<uint8_t>(random_());
        break;
      case 1:
        frame[place(frame)] ^= static_cast<uint8_t>(1u << below(8));
        break;
      case 2:
        frame[place(frame)] = kTelling[below(std::size(kTelling))];
        break;
      case 3:
        frame.resize(14 + below(frame.size() - 13));
        break;
      case 4:
        frame.erase(frame.begin() + static_cast<long>(place(frame)));
        if (frame.size() < 14) frame.resize(14);
        break;
      default:
        frame.insert(frame.begin() + static_cast<long>(place(frame)),
                     static_cast<uint8_t>(random_()));
    }
  }

  std::mt19937 random_;
};

TEST_F(Corpus, MutatedFramesAreForwardedOnlyIfAServiceIsNamed) {
  constexpr uint64_t kFrames = 100'000;
  const unsigned seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  Mutation mutation(seed);
  const auto frames = corpus();
  uint64_t following = 0, dropped = 0;
  for (uint64_t i = 0; i < kFrames && !HasFailure(); ++i) {
    const Bytes in = mutation(frames[mutation.below(frames.size())]);
    const Ran ran = director().run(in);
    if (ran.action == XDP_TX) {
      const bool follows = director().verdict(PINION_FORWARD_FRAGMENT) != following;
      following += follows;
      EXPECT_TRUE(names_the_service_of(ran.out.at(5), in, follows)) << hex(in);
      EXPECT_EQ(hex(ran.out), hex(towards(ran.out.at(5), in)));
    } else {
      dropped += ran.action == XDP_DROP;
      EXPECT_TRUE(ran.action == XDP_PASS || ran.action == XDP_DROP) << hex(in);
      EXPECT_TRUE(ran.out == in) << hex(in);
    }
  }
  EXPECT_EQ(seen(), kFrames);
  EXPECT_EQ(dropped,
            director().verdict(PINION_HOLD_FRAGMENT) + director().verdict(PINION_DROP_FRAGMENT));
  EXPECT_EQ(sent().packets, forwarded());
  EXPECT_GT(forwarded(), kFrames / 20);
  EXPECT_LT(forwarded(), kFrames / 2);
  expect_exact_load();
}

}  // namespace
}  // namespace pinion::packet
