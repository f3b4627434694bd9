/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The TCP state machine. It keeps a connection on its real server until the teardown is over: FIN,
 * last ACK and retransmissions included. Where the director sees the client's half only (direct
 * routing, tunnels), a server that closes first is learned from the client's own FIN; where the
 * replies pass, too (NAT), they have transitions of their own.
 */
#pragma once

#include "abi.h"
#include "compat.h"

enum pinion_event {
	PINION_EVENT_DATA, /* Any other packet: ACK, payload, and all of UDP. */
	PINION_EVENT_SYN,  /* SYN alone: a client opens. */
	PINION_EVENT_FIN,
	PINION_EVENT_RST,
	PINION_EVENT_COUNT,
};

/* Not a state: the packet starts a new connection in the place of one that is over (port reuse). */
#define PINION_STATE_RESTART 0xff

static __always_inline enum pinion_event pinion_tcp_event(__u8 flags)
{
	const __u8 fin = 0x01, syn = 0x02, rst = 0x04, ack = 0x10;

	if (flags & rst)
		return PINION_EVENT_RST;
	if (flags & fin)
		return PINION_EVENT_FIN;
	return (flags & (syn | ack)) == syn ? PINION_EVENT_SYN : PINION_EVENT_DATA;
}

/* State x event -> state. A packet never moves a connection out of FREE or CLAIMED: those are no
 * connections. A SYN on an established one may be late or forged: the real server answers it.
 */
static const volatile __u8 pinion_transitions[16][PINION_EVENT_COUNT] = {
	/* DATA, SYN, FIN, RST; the rows are in the order of PINION_STATES. */
	{PINION_STATE_FREE, PINION_STATE_FREE, PINION_STATE_FREE, PINION_STATE_FREE},
	{PINION_STATE_CLAIMED, PINION_STATE_CLAIMED, PINION_STATE_CLAIMED, PINION_STATE_CLAIMED},
	/* SYN_RECEIVED */
	{PINION_STATE_ESTABLISHED, PINION_STATE_SYN_RECEIVED, PINION_STATE_FIN_WAIT,
	 PINION_STATE_CLOSED},
	/* PICKED_UP */
	{PINION_STATE_PICKED_UP, PINION_STATE_RESTART, PINION_STATE_FIN_WAIT, PINION_STATE_CLOSED},
	/* ESTABLISHED */
	{PINION_STATE_ESTABLISHED, PINION_STATE_ESTABLISHED, PINION_STATE_FIN_WAIT,
	 PINION_STATE_CLOSED},
	/* FIN_WAIT */
	{PINION_STATE_FIN_WAIT, PINION_STATE_RESTART, PINION_STATE_FIN_WAIT, PINION_STATE_CLOSED},
	/* CLOSED */
	{PINION_STATE_CLOSED, PINION_STATE_RESTART, PINION_STATE_CLOSED, PINION_STATE_CLOSED},
	{PINION_STATE_UDP, PINION_STATE_UDP, PINION_STATE_UDP, PINION_STATE_UDP},
	/* CLOSE_WAIT */
	{PINION_STATE_CLOSE_WAIT, PINION_STATE_RESTART, PINION_STATE_LAST_ACK, PINION_STATE_CLOSED},
	/* LAST_ACK */
	{PINION_STATE_LAST_ACK, PINION_STATE_RESTART, PINION_STATE_LAST_ACK, PINION_STATE_CLOSED},
	/* TIME_WAIT: who resets it does not shorten it. */
	{PINION_STATE_TIME_WAIT, PINION_STATE_RESTART, PINION_STATE_TIME_WAIT,
	 PINION_STATE_TIME_WAIT},
};
static_assert(PINION_STATE_TIME_WAIT == 10, "a new state needs its row");

/* The same for what the real server sends. */
static const volatile __u8 pinion_reply_transitions[16][PINION_EVENT_COUNT] = {
	/* DATA (and SYN/ACK), SYN, FIN, RST */
	{PINION_STATE_FREE, PINION_STATE_FREE, PINION_STATE_FREE, PINION_STATE_FREE},
	{PINION_STATE_CLAIMED, PINION_STATE_CLAIMED, PINION_STATE_CLAIMED, PINION_STATE_CLAIMED},
	/* SYN_RECEIVED: only the client's ACK ends the handshake. */
	{PINION_STATE_SYN_RECEIVED, PINION_STATE_SYN_RECEIVED, PINION_STATE_CLOSE_WAIT,
	 PINION_STATE_CLOSED},
	/* PICKED_UP: the server knows it. */
	{PINION_STATE_ESTABLISHED, PINION_STATE_PICKED_UP, PINION_STATE_CLOSE_WAIT,
	 PINION_STATE_CLOSED},
	/* ESTABLISHED */
	{PINION_STATE_ESTABLISHED, PINION_STATE_ESTABLISHED, PINION_STATE_CLOSE_WAIT,
	 PINION_STATE_CLOSED},
	/* FIN_WAIT */
	{PINION_STATE_FIN_WAIT, PINION_STATE_FIN_WAIT, PINION_STATE_TIME_WAIT, PINION_STATE_CLOSED},
	/* CLOSED */
	{PINION_STATE_CLOSED, PINION_STATE_CLOSED, PINION_STATE_CLOSED, PINION_STATE_CLOSED},
	{PINION_STATE_UDP, PINION_STATE_UDP, PINION_STATE_UDP, PINION_STATE_UDP},
	/* CLOSE_WAIT */
	{PINION_STATE_CLOSE_WAIT, PINION_STATE_CLOSE_WAIT, PINION_STATE_CLOSE_WAIT,
	 PINION_STATE_CLOSED},
	/* LAST_ACK */
	{PINION_STATE_TIME_WAIT, PINION_STATE_LAST_ACK, PINION_STATE_LAST_ACK, PINION_STATE_CLOSED},
	/* TIME_WAIT */
	{PINION_STATE_TIME_WAIT, PINION_STATE_TIME_WAIT, PINION_STATE_TIME_WAIT,
	 PINION_STATE_TIME_WAIT},
};

static __always_inline __u8 pinion_next_state(__u8 state, enum pinion_event event)
{
	return pinion_transitions[state & 15][event & 3];
}

static __always_inline __u8 pinion_state_after_reply(__u8 state, enum pinion_event event)
{
	return pinion_reply_transitions[state & 15][event & 3];
}

/* Counts as active in `load`, as LVS counts. */
static __always_inline int pinion_active(__u8 state)
{
	return state == PINION_STATE_ESTABLISHED || state == PINION_STATE_UDP;
}
