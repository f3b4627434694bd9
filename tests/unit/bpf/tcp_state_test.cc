// SPDX-License-Identifier: Apache-2.0
// The TCP state machine: every state with every event, and whole conversations.
#include "balancer/bpf/conntrack/states.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace pinion {
namespace {

constexpr uint8_t kFree = PINION_STATE_FREE;
constexpr uint8_t kClaimed = PINION_STATE_CLAIMED;
constexpr uint8_t kSynReceived = PINION_STATE_SYN_RECEIVED;
constexpr uint8_t kPickedUp = PINION_STATE_PICKED_UP;
constexpr uint8_t kEstablished = PINION_STATE_ESTABLISHED;
constexpr uint8_t kFinWait = PINION_STATE_FIN_WAIT;
constexpr uint8_t kClosed = PINION_STATE_CLOSED;
constexpr uint8_t kUdp = PINION_STATE_UDP;
constexpr uint8_t kCloseWait = PINION_STATE_CLOSE_WAIT;
constexpr uint8_t kLastAck = PINION_STATE_LAST_ACK;
constexpr uint8_t kTimeWait = PINION_STATE_TIME_WAIT;
constexpr uint8_t kRestart = PINION_STATE_RESTART;

struct Row {
  const char* name;
  uint8_t state;
  uint8_t data, syn, fin, rst;
};

// What LVS's table says of the client's half, but for: a half-open connection that is reset is
// over, and a mid-stream one is told apart.
const Row kRows[] = {
    {"Free", kFree, kFree, kFree, kFree, kFree},
    {"Claimed", kClaimed, kClaimed, kClaimed, kClaimed, kClaimed},
    {"SynReceived", kSynReceived, kEstablished, kSynReceived, kFinWait, kClosed},
    {"PickedUp", kPickedUp, kPickedUp, kRestart, kFinWait, kClosed},
    {"Established", kEstablished, kEstablished, kEstablished, kFinWait, kClosed},
    {"FinWait", kFinWait, kFinWait, kRestart, kFinWait, kClosed},
    {"Closed", kClosed, kClosed, kRestart, kClosed, kClosed},
    {"Udp", kUdp, kUdp, kUdp, kUdp, kUdp},
    {"CloseWait", kCloseWait, kCloseWait, kRestart, kLastAck, kClosed},
    {"LastAck", kLastAck, kLastAck, kRestart, kLastAck, kClosed},
    {"TimeWait", kTimeWait, kTimeWait, kRestart, kTimeWait, kTimeWait},
};

// What the real server sends, where it passes: it never begins a connection.
const Row kReplyRows[] = {
    {"Free", kFree, kFree, kFree, kFree, kFree},
    {"Claimed", kClaimed, kClaimed, kClaimed, kClaimed, kClaimed},
    {"SynReceived", kSynReceived, kSynReceived, kSynReceived, kCloseWait, kClosed},
    {"PickedUp", kPickedUp, kEstablished, kPickedUp, kCloseWait, kClosed},
    {"Established", kEstablished, kEstablished, kEstablished, kCloseWait, kClosed},
    {"FinWait", kFinWait, kFinWait, kFinWait, kTimeWait, kClosed},
    {"Closed", kClosed, kClosed, kClosed, kClosed, kClosed},
    {"Udp", kUdp, kUdp, kUdp, kUdp, kUdp},
    {"CloseWait", kCloseWait, kCloseWait, kCloseWait, kCloseWait, kClosed},
    {"LastAck", kLastAck, kTimeWait, kLastAck, kLastAck, kClosed},
    {"TimeWait", kTimeWait, kTimeWait, kTimeWait, kTimeWait, kTimeWait},
};

class Transition : public testing::TestWithParam<Row> {};

TEST_P(Transition, ByEachEvent) {
  const Row& row = GetParam();
  EXPECT_EQ(pinion_next_state(row.state, PINION_EVENT_DATA), row.data);
  EXPECT_EQ(pinion_next_state(row.state, PINION_EVENT_SYN), row.syn);
  EXPECT_EQ(pinion_next_state(row.state, PINION_EVENT_FIN), row.fin);
  EXPECT_EQ(pinion_next_state(row.state, PINION_EVENT_RST), row.rst);
}

INSTANTIATE_TEST_SUITE_P(From, Transition, testing::ValuesIn(kRows),
                         [](const auto& at) { return at.param.name; });

class ReplyTransition : public testing::TestWithParam<Row> {};

TEST_P(ReplyTransition, ByEachEvent) {
  const Row& row = GetParam();
  EXPECT_EQ(pinion_state_after_reply(row.state, PINION_EVENT_DATA), row.data);
  EXPECT_EQ(pinion_state_after_reply(row.state, PINION_EVENT_SYN), row.syn);
  EXPECT_EQ(pinion_state_after_reply(row.state, PINION_EVENT_FIN), row.fin);
  EXPECT_EQ(pinion_state_after_reply(row.state, PINION_EVENT_RST), row.rst);
}

INSTANTIATE_TEST_SUITE_P(From, ReplyTransition, testing::ValuesIn(kReplyRows),
                         [](const auto& at) { return at.param.name; });

TEST(Transitions, EveryStateIsTested) {
  EXPECT_EQ(std::size(kRows), static_cast<size_t>(PINION_STATE_COUNT));
  EXPECT_EQ(std::size(kReplyRows), static_cast<size_t>(PINION_STATE_COUNT));
}

TEST(Active, IsWhatLvsCounts) {
  for (uint8_t state = 0; state < PINION_STATE_COUNT; ++state)
    EXPECT_EQ(pinion_active(state) != 0, state == kEstablished || state == kUdp) << int{state};
}

// FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, from the low bit on.
TEST(Event, OfEveryCombinationOfFlags) {
  for (int flags = 0; flags < 256; ++flags) {
    const bool fin = flags & 1, syn = flags & 2, rst = flags & 4, ack = flags & 16;
    const auto event = pinion_tcp_event(static_cast<uint8_t>(flags));
    if (rst)
      EXPECT_EQ(event, PINION_EVENT_RST) << flags;
    else if (fin)
      EXPECT_EQ(event, PINION_EVENT_FIN) << flags;
    else if (syn && !ack)
      EXPECT_EQ(event, PINION_EVENT_SYN) << flags;
    else
      EXPECT_EQ(event, PINION_EVENT_DATA) << flags;
  }
}

// What the client sends, a letter a packet (S: SYN, .: ACK or data, F: FIN, R: RST), and the state
// after each; a restarted connection is one that has seen a SYN.
struct Conversation {
  const char* name;
  const char* packets;
  std::vector<uint8_t> states;
};

uint8_t flags_of(char packet) {
  switch (packet) {
    case 'S':
      return 0x02;
    case 'F':
      return 0x11;
    case 'R':
      return 0x14;
    default:
      return 0x10;
  }
}

class ClientSays : public testing::TestWithParam<Conversation> {};

TEST_P(ClientSays, AndTheStateFollows) {
  const Conversation& talk = GetParam();
  uint8_t state = kSynReceived;  // After the first SYN.
  ASSERT_EQ(talk.packets[0], 'S');
  for (size_t i = 1; talk.packets[i]; ++i) {
    state = pinion_next_state(state, pinion_tcp_event(flags_of(talk.packets[i])));
    if (state == kRestart) state = kSynReceived;
    EXPECT_EQ(state, talk.states.at(i - 1)) << "packet " << i << ", " << talk.packets[i];
  }
}

const Conversation kConversations[] = {
    {"ClientClosesFirst", "S..F..", {kEstablished, kEstablished, kFinWait, kFinWait, kFinWait}},
    // The server's FIN is not seen, only the client's ACK of it.
    {"ServerClosesFirst", "S...F", {kEstablished, kEstablished, kEstablished, kFinWait}},
    {"HalfClose", "S.F....", {kEstablished, kFinWait, kFinWait, kFinWait, kFinWait, kFinWait}},
    {"RetransmittedFin", "S.FF.", {kEstablished, kFinWait, kFinWait, kFinWait}},
    {"Reset", "S..R", {kEstablished, kEstablished, kClosed}},
    {"RefusedByTheClient", "SR", {kClosed}},
    {"ResetInTheTeardown", "S.FR", {kEstablished, kFinWait, kClosed}},
    {"LatePacketsAfterAReset", "S.R.F.", {kEstablished, kClosed, kClosed, kClosed, kClosed}},
    {"RetransmittedSyn", "SSS.", {kSynReceived, kSynReceived, kEstablished}},
    {"LateSyn", "S.S.", {kEstablished, kEstablished, kEstablished}},
    {"PortReuseAtOnce", "S.F.S.", {kEstablished, kFinWait, kFinWait, kSynReceived, kEstablished}},
    {"PortReuseAfterAReset", "S.RS.", {kEstablished, kClosed, kSynReceived, kEstablished}},
    {"FinInTheHandshake", "SF.", {kFinWait, kFinWait}},
};
INSTANTIATE_TEST_SUITE_P(In, ClientSays, testing::ValuesIn(kConversations),
                         [](const auto& at) { return at.param.name; });

}  // namespace
}  // namespace pinion
