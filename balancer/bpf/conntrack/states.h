/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state machine of TCP and SCTP. It keeps a connection on its real server until the teardown is
 * over: FIN, last ACK and retransmissions included. Where the director sees the client's half only
 * (direct routing, tunnels), a server that closes first is learned from the client's own FIN; where
 * the replies pass, too (NAT), they have transitions of their own.
 *
 * SCTP (RFC 9260) goes through the same states. What it has in common with TCP is the same event:
 * an INIT opens, the COOKIE ECHO ends the client's part of the handshake as the ACK does, an ABORT
 * resets. But it has no half-closed state: whoever closes sends SHUTDOWN, the other end agrees by
 * SHUTDOWN ACK, and that is confirmed by SHUTDOWN COMPLETE. Those out of their turn are answers to
 * what is left of an earlier association at the same ports (8.4, 8.5.1), and end nothing.
 */
#pragma once

#include "balancer/bpf/abi/abi.h"
#include "balancer/bpf/lib/compat.h"

enum pinion_event {
	PINION_EVENT_DATA, /* Any other packet: ACK, payload, and all of UDP; COOKIE ECHO. */
	PINION_EVENT_SYN,  /* SYN alone, INIT: a client opens. */
	PINION_EVENT_FIN,
	PINION_EVENT_RST, /* And ABORT. */
	/* What only SCTP has. */
	PINION_EVENT_CHUNK, /* Any other. */
	PINION_EVENT_SHUTDOWN,
	PINION_EVENT_SHUTDOWN_ACK,
	PINION_EVENT_SHUTDOWN_COMPLETE,
	PINION_EVENT_COUNT,
};

#define PINION_EVENT_COLUMNS 4 /* In each half of a table of transitions. */

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

#define PINION_CHUNK_DATA 0
#define PINION_CHUNK_INIT 1

/* What a chunk of each type below 16 says. An INIT stands alone (RFC 9260, 3): behind another chunk
 * it says nothing.
 */
static const volatile __u8 pinion_chunk_events[16] = {
	PINION_EVENT_CHUNK, /* DATA */
	PINION_EVENT_CHUNK, /* INIT */
	PINION_EVENT_CHUNK, /* INIT ACK */
	PINION_EVENT_CHUNK, /* SACK */
	PINION_EVENT_CHUNK, /* HEARTBEAT */
	PINION_EVENT_CHUNK, /* HEARTBEAT ACK */
	PINION_EVENT_RST,   /* ABORT */
	PINION_EVENT_SHUTDOWN,
	PINION_EVENT_SHUTDOWN_ACK,
	PINION_EVENT_CHUNK, /* ERROR */
	PINION_EVENT_DATA,  /* COOKIE ECHO */
	PINION_EVENT_CHUNK, /* COOKIE ACK */
	PINION_EVENT_CHUNK, /* ECNE */
	PINION_EVENT_CHUNK, /* CWR */
	PINION_EVENT_SHUTDOWN_COMPLETE,
	PINION_EVENT_CHUNK, /* AUTH */
};

static __always_inline __u8 pinion_chunk_event(__u8 type)
{
	if (type >= 16)
		return PINION_EVENT_CHUNK;
	return pinion_chunk_events[type & 15];
}

/* State x event -> state. A packet never moves a connection out of FREE or CLAIMED: those are no
 * connections. A SYN on an established one may be late or forged: the real server answers it.
 * The first half is for the first four events, the other for those that only SCTP has.
 */
static const volatile __u8 pinion_transitions[2][16][PINION_EVENT_COLUMNS] = {
	{
		/* DATA, SYN, FIN, RST; the rows are in the order of PINION_STATES. */
		{PINION_STATE_FREE, PINION_STATE_FREE, PINION_STATE_FREE, PINION_STATE_FREE},
		{PINION_STATE_CLAIMED, PINION_STATE_CLAIMED, PINION_STATE_CLAIMED,
		 PINION_STATE_CLAIMED},
		/* SYN_RECEIVED */
		{PINION_STATE_ESTABLISHED, PINION_STATE_SYN_RECEIVED, PINION_STATE_FIN_WAIT,
		 PINION_STATE_CLOSED},
		/* PICKED_UP */
		{PINION_STATE_PICKED_UP, PINION_STATE_RESTART, PINION_STATE_FIN_WAIT,
		 PINION_STATE_CLOSED},
		/* ESTABLISHED */
		{PINION_STATE_ESTABLISHED, PINION_STATE_ESTABLISHED, PINION_STATE_FIN_WAIT,
		 PINION_STATE_CLOSED},
		/* FIN_WAIT */
		{PINION_STATE_FIN_WAIT, PINION_STATE_RESTART, PINION_STATE_FIN_WAIT,
		 PINION_STATE_CLOSED},
		/* CLOSED */
		{PINION_STATE_CLOSED, PINION_STATE_RESTART, PINION_STATE_CLOSED,
		 PINION_STATE_CLOSED},
		{PINION_STATE_UDP, PINION_STATE_UDP, PINION_STATE_UDP, PINION_STATE_UDP},
		/* CLOSE_WAIT */
		{PINION_STATE_CLOSE_WAIT, PINION_STATE_RESTART, PINION_STATE_LAST_ACK,
		 PINION_STATE_CLOSED},
		/* LAST_ACK */
		{PINION_STATE_LAST_ACK, PINION_STATE_RESTART, PINION_STATE_LAST_ACK,
		 PINION_STATE_CLOSED},
		/* TIME_WAIT: who resets it does not shorten it. */
		{PINION_STATE_TIME_WAIT, PINION_STATE_RESTART, PINION_STATE_TIME_WAIT,
		 PINION_STATE_TIME_WAIT},
	},
	{
		/* CHUNK, SHUTDOWN, SHUTDOWN_ACK, SHUTDOWN_COMPLETE */
		{PINION_STATE_FREE, PINION_STATE_FREE, PINION_STATE_FREE, PINION_STATE_FREE},
		{PINION_STATE_CLAIMED, PINION_STATE_CLAIMED, PINION_STATE_CLAIMED,
		 PINION_STATE_CLAIMED},
		/* SYN_RECEIVED: nobody closes what is not open yet. */
		{PINION_STATE_SYN_RECEIVED, PINION_STATE_SYN_RECEIVED, PINION_STATE_SYN_RECEIVED,
		 PINION_STATE_SYN_RECEIVED},
		/* PICKED_UP */
		{PINION_STATE_PICKED_UP, PINION_STATE_FIN_WAIT, PINION_STATE_LAST_ACK,
		 PINION_STATE_TIME_WAIT},
		/* ESTABLISHED */
		{PINION_STATE_ESTABLISHED, PINION_STATE_FIN_WAIT, PINION_STATE_LAST_ACK,
		 PINION_STATE_ESTABLISHED},
		/* FIN_WAIT */
		{PINION_STATE_FIN_WAIT, PINION_STATE_FIN_WAIT, PINION_STATE_LAST_ACK,
		 PINION_STATE_TIME_WAIT},
		/* CLOSED */
		{PINION_STATE_CLOSED, PINION_STATE_CLOSED, PINION_STATE_CLOSED,
		 PINION_STATE_CLOSED},
		{PINION_STATE_UDP, PINION_STATE_UDP, PINION_STATE_UDP, PINION_STATE_UDP},
		/* CLOSE_WAIT */
		{PINION_STATE_CLOSE_WAIT, PINION_STATE_LAST_ACK, PINION_STATE_LAST_ACK,
		 PINION_STATE_CLOSE_WAIT},
		/* LAST_ACK */
		{PINION_STATE_LAST_ACK, PINION_STATE_LAST_ACK, PINION_STATE_LAST_ACK,
		 PINION_STATE_TIME_WAIT},
		/* TIME_WAIT */
		{PINION_STATE_TIME_WAIT, PINION_STATE_TIME_WAIT, PINION_STATE_TIME_WAIT,
		 PINION_STATE_TIME_WAIT},
	},
};
static_assert(PINION_STATE_TIME_WAIT == 10, "a new state needs its row");

/* The same for what the real server sends. */
static const volatile __u8 pinion_reply_transitions[2][16][PINION_EVENT_COLUMNS] = {
	{
		/* DATA (and SYN/ACK), SYN, FIN, RST */
		{PINION_STATE_FREE, PINION_STATE_FREE, PINION_STATE_FREE, PINION_STATE_FREE},
		{PINION_STATE_CLAIMED, PINION_STATE_CLAIMED, PINION_STATE_CLAIMED,
		 PINION_STATE_CLAIMED},
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
		{PINION_STATE_FIN_WAIT, PINION_STATE_FIN_WAIT, PINION_STATE_TIME_WAIT,
		 PINION_STATE_CLOSED},
		/* CLOSED */
		{PINION_STATE_CLOSED, PINION_STATE_CLOSED, PINION_STATE_CLOSED,
		 PINION_STATE_CLOSED},
		{PINION_STATE_UDP, PINION_STATE_UDP, PINION_STATE_UDP, PINION_STATE_UDP},
		/* CLOSE_WAIT */
		{PINION_STATE_CLOSE_WAIT, PINION_STATE_CLOSE_WAIT, PINION_STATE_CLOSE_WAIT,
		 PINION_STATE_CLOSED},
		/* LAST_ACK */
		{PINION_STATE_TIME_WAIT, PINION_STATE_LAST_ACK, PINION_STATE_LAST_ACK,
		 PINION_STATE_CLOSED},
		/* TIME_WAIT */
		{PINION_STATE_TIME_WAIT, PINION_STATE_TIME_WAIT, PINION_STATE_TIME_WAIT,
		 PINION_STATE_TIME_WAIT},
	},
	{
		/* CHUNK, SHUTDOWN, SHUTDOWN_ACK, SHUTDOWN_COMPLETE */
		{PINION_STATE_FREE, PINION_STATE_FREE, PINION_STATE_FREE, PINION_STATE_FREE},
		{PINION_STATE_CLAIMED, PINION_STATE_CLAIMED, PINION_STATE_CLAIMED,
		 PINION_STATE_CLAIMED},
		/* SYN_RECEIVED */
		{PINION_STATE_SYN_RECEIVED, PINION_STATE_SYN_RECEIVED, PINION_STATE_SYN_RECEIVED,
		 PINION_STATE_SYN_RECEIVED},
		/* PICKED_UP */
		{PINION_STATE_ESTABLISHED, PINION_STATE_CLOSE_WAIT, PINION_STATE_FIN_WAIT,
		 PINION_STATE_TIME_WAIT},
		/* ESTABLISHED */
		{PINION_STATE_ESTABLISHED, PINION_STATE_CLOSE_WAIT, PINION_STATE_ESTABLISHED,
		 PINION_STATE_ESTABLISHED},
		/* FIN_WAIT: both close at once. */
		{PINION_STATE_FIN_WAIT, PINION_STATE_LAST_ACK, PINION_STATE_FIN_WAIT,
		 PINION_STATE_FIN_WAIT},
		/* CLOSED */
		{PINION_STATE_CLOSED, PINION_STATE_CLOSED, PINION_STATE_CLOSED,
		 PINION_STATE_CLOSED},
		{PINION_STATE_UDP, PINION_STATE_UDP, PINION_STATE_UDP, PINION_STATE_UDP},
		/* CLOSE_WAIT */
		{PINION_STATE_CLOSE_WAIT, PINION_STATE_CLOSE_WAIT, PINION_STATE_CLOSE_WAIT,
		 PINION_STATE_CLOSE_WAIT},
		/* LAST_ACK */
		{PINION_STATE_LAST_ACK, PINION_STATE_LAST_ACK, PINION_STATE_LAST_ACK,
		 PINION_STATE_TIME_WAIT},
		/* TIME_WAIT */
		{PINION_STATE_TIME_WAIT, PINION_STATE_TIME_WAIT, PINION_STATE_TIME_WAIT,
		 PINION_STATE_TIME_WAIT},
	},
};

static __always_inline __u8 pinion_next_state(__u8 state, enum pinion_event event)
{
	return pinion_transitions[event >> 2 & 1][state & 15][event & 3];
}

static __always_inline __u8 pinion_state_after_reply(__u8 state, enum pinion_event event)
{
	return pinion_reply_transitions[event >> 2 & 1][state & 15][event & 3];
}

/* Counts as active in `load`, as LVS counts. */
static __always_inline int pinion_active(__u8 state)
{
	return state == PINION_STATE_ESTABLISHED || state == PINION_STATE_UDP;
}
