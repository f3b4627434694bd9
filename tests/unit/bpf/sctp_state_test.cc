// SPDX-License-Identifier: Apache-2.0
// SCTP in the state machine: every state with every event of its own, and whole associations, as
// their client's half tells them and as both do.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "balancer/bpf/conntrack/states.h"

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

struct Row {
  const char* name;
  uint8_t state;
  uint8_t chunk, shutdown, shutdown_ack, shutdown_complete;
};

const Row kRows[] = {
    {"Free", kFree, kFree, kFree, kFree, kFree},
    {"Claimed", kClaimed, kClaimed, kClaimed, kClaimed, kClaimed},
    {"SynReceived", kSynReceived, kSynReceived, kSynReceived, kSynReceived, kSynReceived},
    {"PickedUp", kPickedUp, kPickedUp, kFinWait, kLastAck, kTimeWait},
    {"Established", kEstablished, kEstablished, kFinWait, kLastAck, kEstablished},
    {"FinWait", kFinWait, kFinWait, kFinWait, kLastAck, kTimeWait},
    {"Closed", kClosed, kClosed, kClosed, kClosed, kClosed},
    {"Udp", kUdp, kUdp, kUdp, kUdp, kUdp},
    {"CloseWait", kCloseWait, kCloseWait, kLastAck, kLastAck, kCloseWait},
    {"LastAck", kLastAck, kLastAck, kLastAck, kLastAck, kTimeWait},
    {"TimeWait", kTimeWait, kTimeWait, kTimeWait, kTimeWait, kTimeWait},
};

const Row kReplyRows[] = {
    {"Free", kFree, kFree, kFree, kFree, kFree},
    {"Claimed", kClaimed, kClaimed, kClaimed, kClaimed, kClaimed},
    {"SynReceived", kSynReceived, kSynReceived, kSynReceived, kSynReceived, kSynReceived},
    {"PickedUp", kPickedUp, kEstablished, kCloseWait, kFinWait, kTimeWait},
    {"Established", kEstablished, kEstablished, kCloseWait, kEstablished, kEstablished},
    {"FinWait", kFinWait, kFinWait, kLastAck, kFinWait, kFinWait},
    {"Closed", kClosed, kClosed, kClosed, kClosed, kClosed},
    {"Udp", kUdp, kUdp, kUdp, kUdp, kUdp},
    {"CloseWait", kCloseWait, kCloseWait, kCloseWait, kCloseWait, kCloseWait},
    {"LastAck", kLastAck, kLastAck, kLastAck, kLastAck, kTimeWait},
    {"TimeWait", kTimeWait, kTimeWait, kTimeWait, kTimeWait, kTimeWait},
};

class SctpTransition : public testing::TestWithParam<Row> {};

TEST_P(SctpTransition, ByEachEvent) {
  const Row& row = GetParam();
  EXPECT_EQ(pinion_next_state(row.state, PINION_EVENT_CHUNK), row.chunk);
  EXPECT_EQ(pinion_next_state(row.state, PINION_EVENT_SHUTDOWN), row.shutdown);
  EXPECT_EQ(pinion_next_state(row.state, PINION_EVENT_SHUTDOWN_ACK), row.shutdown_ack);
  EXPECT_EQ(pinion_next_state(row.state, PINION_EVENT_SHUTDOWN_COMPLETE), row.shutdown_complete);
}

INSTANTIATE_TEST_SUITE_P(From, SctpTransition, testing::ValuesIn(kRows),
                         [](const auto& at) { return at.param.name; });

class SctpReplyTransition : public testing::TestWithParam<Row> {};

TEST_P(SctpReplyTransition, ByEachEvent) {
  const Row& row = GetParam();
  EXPECT_EQ(pinion_state_after_reply(row.state, PINION_EVENT_CHUNK), row.chunk);
  EXPECT_EQ(pinion_state_after_reply(row.state, PINION_EVENT_SHUTDOWN), row.shutdown);
  EXPECT_EQ(pinion_state_after_reply(row.state, PINION_EVENT_SHUTDOWN_ACK), row.shutdown_ack);
  EXPECT_EQ(pinion_state_after_reply(row.state, PINION_EVENT_SHUTDOWN_COMPLETE),
            row.shutdown_complete);
}

INSTANTIATE_TEST_SUITE_P(From, SctpReplyTransition, testing::ValuesIn(kReplyRows),
                         [](const auto& at) { return at.param.name; });

TEST(SctpTransitions, EveryStateIsTested) {
  EXPECT_EQ(std::size(kRows), static_cast<size_t>(PINION_STATE_COUNT));
  EXPECT_EQ(std::size(kReplyRows), static_cast<size_t>(PINION_STATE_COUNT));
}

TEST(ChunkEvent, OfEveryType) {
  for (int type = 0; type < 256; ++type) {
    const int event = pinion_chunk_event(static_cast<uint8_t>(type));
    if (type == 6)
      EXPECT_EQ(event, PINION_EVENT_RST);
    else if (type == 7)
      EXPECT_EQ(event, PINION_EVENT_SHUTDOWN);
    else if (type == 8)
      EXPECT_EQ(event, PINION_EVENT_SHUTDOWN_ACK);
    else if (type == 10)
      EXPECT_EQ(event, PINION_EVENT_DATA);
    else if (type == 14)
      EXPECT_EQ(event, PINION_EVENT_SHUTDOWN_COMPLETE);
    else
      EXPECT_EQ(event, PINION_EVENT_CHUNK) << type;
  }
}

// What is sent, a letter a packet: the client's in capitals, the real server's in small letters. I:
// INIT (the real server's is its INIT ACK), C: COOKIE ECHO (COOKIE ACK), D: data, S: SHUTDOWN, K:
// SHUTDOWN ACK, T: SHUTDOWN COMPLETE, X: ABORT. And the state after the last.
struct Association {
  const char* name;
  const char* packets;
  uint8_t state;
};

pinion_event event_of(char packet) {
  switch (packet) {
    case 'I':
      return PINION_EVENT_SYN;
    case 'C':
      return PINION_EVENT_DATA;
    case 'S':
    case 's':
      return PINION_EVENT_SHUTDOWN;
    case 'K':
    case 'k':
      return PINION_EVENT_SHUTDOWN_ACK;
    case 'T':
    case 't':
      return PINION_EVENT_SHUTDOWN_COMPLETE;
    case 'X':
    case 'x':
      return PINION_EVENT_RST;
    default:
      return PINION_EVENT_CHUNK;
  }
}

class Ends : public testing::TestWithParam<Association> {};

TEST_P(Ends, AndTheStateFollows) {
  uint8_t state = kSynReceived;  // After the first INIT.
  for (const char packet : std::string(GetParam().packets).substr(1)) {
    const bool from_client = packet >= 'A' && packet <= 'Z';
    state = from_client ? pinion_next_state(state, event_of(packet))
                        : pinion_state_after_reply(state, event_of(packet));
    if (state == PINION_STATE_RESTART) state = kSynReceived;
  }
  EXPECT_EQ(state, GetParam().state);
}

const Association kAssociations[] = {
    {"Handshake", "IiC", kEstablished},
    {"HandshakeOfAHalf", "IC", kEstablished},
    {"InitsAloneStayHalfOpen", "IiIiIi", kSynReceived},
    {"TheClientCloses", "IiCcDSk", kFinWait},
    {"TheClientHasClosed", "IiCcDSkT", kTimeWait},
    {"TheClientHasClosedOfAHalf", "ICDST", kTimeWait},
    {"TheServerCloses", "IiCcDsD", kCloseWait},
    {"TheClientAgrees", "IiCcDsDK", kLastAck},
    {"TheServerHasClosed", "IiCcDsDKt", kTimeWait},
    {"TheServerHasClosedOfAHalf", "ICDK", kLastAck},
    {"BothClose", "IiCcSs", kLastAck},
    {"BothHaveClosed", "IiCcSsKkTt", kTimeWait},
    {"LostComplete", "IiCcSkTkT", kTimeWait},
    {"Aborted", "IiCcDX", kClosed},
    {"AbortedByTheServer", "IiCcDx", kClosed},
    {"RefusedByTheServer", "Ix", kClosed},
    // The client answers what is left of an earlier association at the same ports.
    {"OldShutdownAckInTheHandshake", "IkTiC", kEstablished},
    {"OldShutdownAckBehindTheCookie", "IiCkTc", kEstablished},
    {"TheClientHasBegunAnew", "IiCcDIiC", kEstablished},
    {"PortReuseAfterTheEnd", "IiCcSkTIiC", kEstablished},
    {"PortReuseAfterAnAbort", "IiCcXI", kSynReceived},
};
INSTANTIATE_TEST_SUITE_P(In, Ends, testing::ValuesIn(kAssociations),
                         [](const auto& at) { return at.param.name; });

}  // namespace
}  // namespace pinion
