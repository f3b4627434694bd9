/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The other half of a connection whose replies pass the director (NAT, full NAT): what the real
 * server sends, as a key that leads back to the client and the VIP.
 *
 * - The forward half is the connection: its state, its place in `load`, its last packet either way.
 *   The reply half only says where that is. A packet of the client touches the forward half alone,
 *   one of the real server both.
 * - The reply half has the forward half's state, so that it is displaced and expires like it: each
 *   packet that changes the state changes both.
 * - A half is stamped ahead of time, by two periods of its state, each of which is a part of the
 *   state's timeout. The client's packets stamp it anew when they cross a multiple of the period,
 * the real server's when less than one period is left: so it never expires before the forward half
 *   does, and is seldom touched for that. A change of state always stamps it.
 * - Every 2^PINION_HOP_SHIFT ticks a client's packet says anew where replies go.
 * - A reply half may be lost (displaced while half-open): the client's next packet that changes the
 *   state, or crosses a period, makes it again. One whose forward half is gone leads nowhere; the
 *   daemon sweeps it.
 */
#pragma once

#include "balancer/bpf/client_info/client_address.h"
#include "balancer/bpf/conntrack/last_hop.h"
#include "balancer/bpf/conntrack/local_end.h"
#include "balancer/bpf/conntrack/tables.h"

union pinion_flow {
	struct pinion_flow4 v4;
	struct pinion_flow6 v6;
	pinion_word words[5];
};

static __always_inline __u32 pinion_period(const struct pinion_settings *config, __u8 state)
{
	return 1u << (config->refresh_shift[state & 15] & 31);
}

/* Do the replies of this real server pass the director? */
static __always_inline int pinion_pairs(const struct pinion_real_server *server)
{
	return server && PINION_TWO_SIDED & 1u << (server->method & 31);
}

/* And what it sends is not from the client? */
static __always_inline int pinion_is_full_nat(const struct pinion_real_server *server)
{
	return server && server->method == PINION_METHOD_FULLNAT;
}

static __always_inline void pinion_reply_flow(const struct pinion_packet *pkt,
					      const struct pinion_real_server *server,
					      struct pinion_table table, union pinion_flow *reply)
{
	__builtin_memset(reply, 0, sizeof(*reply));
	if (table.is_v6) {
		__builtin_memcpy(reply->v6.saddr, server->address, 16);
		__builtin_memcpy(reply->v6.daddr, pkt->flow6.saddr, 16);
		reply->v6.sport = pinion_port_at(server, pkt);
		reply->v6.dport = pkt->flow6.sport;
		reply->v6.protocol = pinion_protocol(pkt);
	} else {
		reply->v4.saddr = server->address[3];
		reply->v4.daddr = pkt->flow4.saddr;
		reply->v4.sport = pinion_port_at(server, pkt);
		reply->v4.dport = pkt->flow4.sport;
		reply->v4.protocol = pinion_protocol(pkt);
	}
}

/* By full NAT, to the packet's local end; in either table. False: there are no such ends, which
 * cannot be.
 */
static __always_inline int pinion_local_reply_flow(const struct pinion_packet *pkt,
						   struct pinion_table table,
						   union pinion_flow *reply)
{
	const struct pinion_real_server *server = pinion_server(pkt->reference);
	const __be32 *local = pinion_local_address(pkt->local);

	if (!server || !local)
		return 0;
	pinion_reply_flow(pkt, server, table, reply);
	if (table.is_v6) {
		__builtin_memcpy(reply->v6.daddr, local, 16);
		reply->v6.dport = pkt->local_port;
	} else {
		reply->v4.daddr = local[3];
		reply->v4.dport = pkt->local_port;
	}
	return 1;
}

static __always_inline int pinion_same16(const __be32 *a, const __be32 *b)
{
	return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]));
}

/* Is it a connection of the client that the packet names: by its source, or a reply's destination?
 */
static __always_inline int pinion_same_client(const struct pinion_connection *connection,
					      const struct pinion_packet *pkt,
					      struct pinion_table table, int is_reply)
{
	const void *stored = connection + 1;

	if (table.is_v6) {
		const struct pinion_flow6 *flow = stored;

		return flow->sport == (is_reply ? pkt->flow6.dport : pkt->flow6.sport) &&
		       flow->protocol == pkt->flow6.protocol &&
		       pinion_same16(flow->saddr, is_reply ? pkt->flow6.daddr : pkt->flow6.saddr);
	} else {
		const struct pinion_flow4 *flow = stored;

		return flow->sport == (is_reply ? pkt->flow4.dport : pkt->flow4.sport) &&
		       flow->protocol == pkt->flow4.protocol &&
		       flow->saddr == (is_reply ? pkt->flow4.daddr : pkt->flow4.saddr);
	}
}

/* Is the connection at `place`, which has a reply half that another one wants, still in use? */
static __always_inline int pinion_engaged(const struct pinion_packet *pkt, __u32 place,
					  struct pinion_table table,
					  const struct pinion_settings *config)
{
	const __u32 over = 1u << PINION_STATE_FIN_WAIT | 1u << PINION_STATE_CLOSED |
			   1u << PINION_STATE_LAST_ACK | 1u << PINION_STATE_TIME_WAIT |
			   1u << PINION_STATE_FREE;
	struct pinion_connection *other = pinion_at(table, place);

	if (!other || over & 1u << (PINION_LOAD(other->word) & 15) ||
	    !(PINION_LOAD(other->flags) & PINION_PAIRED))
		return 0;
	if (pinion_rank(other, pkt->now, config) >= PINION_RANK(PINION_EXPIRED))
		return 0;
	return pinion_same_client(other, pkt, table, 0);
}

static __always_inline enum pinion_verdict
pinion_add_half(const struct pinion_packet *pkt, struct pinion_buckets buckets,
		const union pinion_flow *reply, struct pinion_table table,
		const struct pinion_settings *config, struct pinion_found *claim)
{
	struct pinion_vacancy vacancy = pinion_place(buckets, table.shape, pkt->now, config);
	union pinion_link link = pinion_link_to(pkt->place);
	const __u8 state = pinion_state_of(pkt->word);
	__u8 displaced;

	if (!vacancy.connection || !pinion_claim(vacancy, pkt->now, config, claim, &displaced))
		return PINION_DROP_TABLE_FULL;
	pinion_unload(claim, displaced);
	link.flags = PINION_REPLY;
	pinion_publish(claim, reply->words, table.shape, link, state,
		       pkt->now + 2 * pinion_period(config, state));
	claim->word = pinion_with_state(claim->word, state);
	return PINION_NEXT;
}

static __always_inline void pinion_renew_half(const struct pinion_packet *pkt,
					      const struct pinion_found *half,
					      const struct pinion_settings *config)
{
	const __u8 state = pinion_state_of(pkt->word);

	if (pinion_state_of(half->word) != state)
		pinion_move(half, state, 0);
	PINION_STORE(half->connection->seen, pkt->now + 2 * pinion_period(config, state));
}

/* Gives the packet's connection its reply half, or brings that one in line. PINION_NEXT: done. */
static __always_inline enum pinion_verdict pinion_pair(const struct pinion_packet *pkt,
						       struct pinion_table table)
{
	const struct pinion_real_server *server = pinion_server(pkt->reference);
	const struct pinion_settings *config = pinion_settings();
	struct pinion_scratch *scratch = pinion_scratch();
	struct pinion_found found = {}, added = {};
	struct pinion_buckets buckets;
	union pinion_flow *reply;

	if (!server || !config || !scratch)
		return PINION_DROP_INTERNAL;
	reply = (union pinion_flow *)scratch->reply;
	pinion_reply_flow(pkt, server, table, reply);
	if (!pinion_buckets_of(pinion_table_hash(reply->words, table), table, &buckets))
		return PINION_DROP_INTERNAL;
	if (pinion_find(buckets, reply->words, table.shape, &found)) {
		if (found.link.flags & PINION_REPLY && found.link.server == pkt->place) {
			pinion_renew_half(pkt, &found, config);
			return PINION_NEXT;
		}
		if (!(found.link.flags & PINION_REPLY) ||
		    pinion_engaged(pkt, found.link.server, table, config))
			return PINION_DROP_NAT_CLASH;
		pinion_end(&found, 0);
	}
	return pinion_add_half(pkt, buckets, reply, table, config, &added);
}

/* Replies go back to where this packet came from. */
static __always_inline void pinion_note_hop(struct xdp_md *ctx, const struct pinion_packet *pkt,
					    const struct pinion_found *found)
{
	__u16 hop = (__u16)pinion_learn_hop(ctx, pkt);

	if (hop != found->link.next_hop)
		PINION_STORE(found->connection->next_hop, hop);
}

PINION_GLOBAL_FUNC int pinion_pair4(const struct pinion_packet *pkt)
{
	const struct pinion_table table = {PINION_SHAPE4, (__u32)PINION_CONSTANT(GROUPS4), 0};

	return pkt ? (int)pinion_pair(pkt, table) : PINION_DROP_INTERNAL;
}

PINION_GLOBAL_FUNC int pinion_pair6(const struct pinion_packet *pkt)
{
	const struct pinion_table table = {PINION_SHAPE6, (__u32)PINION_CONSTANT(GROUPS6), 1};

	return pkt ? (int)pinion_pair(pkt, table) : PINION_DROP_INTERNAL;
}

/* The client's packet has made its connection, has changed it, or crossed a period: the reply half
 * follows, and replies go back to where this packet came from. A new connection that gets no reply
 * half ends, with the verdict; others go on, and try again.
 */
static __always_inline int pinion_mirror(struct xdp_md *ctx, struct pinion_packet *pkt,
					 const pinion_word *flow, struct pinion_table table)
{
	struct pinion_found found = {};
	int failed;

	if (!pinion_find_again(pkt, flow, table, &found))
		return PINION_NEXT; /* It has just ended. */
	pinion_note_hop(ctx, pkt, &found);
	if (pkt->mirror == PINION_MIRROR_HOP)
		return PINION_NEXT;
	failed = table.is_v6 ? pinion_pair6(pkt) : pinion_pair4(pkt);
	if (failed == PINION_DROP_TABLE_FULL) /* Or somebody has just taken that place. */
		failed = table.is_v6 ? pinion_pair6(pkt) : pinion_pair4(pkt);
	if (!failed || pkt->mirror != PINION_MIRROR_NEW)
		return PINION_NEXT;
	pinion_end(&found, pinion_load_of(found.link.server));
	return failed;
}

PINION_GLOBAL_FUNC int pinion_mirror4(struct xdp_md *ctx, struct pinion_packet *pkt)
{
	const struct pinion_table table = {PINION_SHAPE4, (__u32)PINION_CONSTANT(GROUPS4), 0};

	return pkt ? pinion_mirror(ctx, pkt, (const pinion_word *)&pkt->flow4, table)
		   : PINION_DROP_INTERNAL;
}

PINION_GLOBAL_FUNC int pinion_mirror6(struct xdp_md *ctx, struct pinion_packet *pkt)
{
	const struct pinion_table table = {PINION_SHAPE6, (__u32)PINION_CONSTANT(GROUPS6), 1};

	return pkt ? pinion_mirror(ctx, pkt, (const pinion_word *)&pkt->flow6, table)
		   : PINION_DROP_INTERNAL;
}

/* The VIP and its port, from the forward half: what the reply's source becomes. */
static __always_inline void pinion_take_vip(struct pinion_packet *pkt,
					    const struct pinion_connection *forward,
					    struct pinion_table table)
{
	const void *stored = forward + 1;

	if (table.is_v6) {
		const struct pinion_flow6 *flow = stored;

		__builtin_memcpy(pkt->address, flow->daddr, 16);
		pkt->port = flow->dport;
	} else {
		const struct pinion_flow4 *flow = stored;

		pkt->address[0] = flow->daddr;
		pkt->port = flow->dport;
	}
}

/* Is it this real server that the packet comes from? pkt->port is the one that the client asked. */
static __always_inline int pinion_is_from(const struct pinion_packet *pkt, __u32 reference,
					  struct pinion_table table)
{
	const struct pinion_real_server *server = pinion_server(reference);
	__be16 port;

	if (!server || server->generation != PINION_GENERATION(reference))
		return 0;
	port = server->port ? server->port : pkt->port;
	if (table.is_v6)
		return port == pkt->flow6.sport && pinion_same16(server->address, pkt->flow6.saddr);
	return port == pkt->flow4.sport && server->address[3] == pkt->flow4.saddr;
}

/* Reads the forward half that a reply half leads to; false where it is another connection by now.
 */
static __always_inline int pinion_read_forward(struct pinion_packet *pkt, __u32 place,
					       struct pinion_table table,
					       struct pinion_found *forward)
{
	struct pinion_connection *connection = pinion_at(table, place);
	__u32 again;
	int full_nat;

	if (!connection)
		return 0;
	forward->word = PINION_LOAD_ORDERED(connection->word);
	forward->link.whole = PINION_LOAD(*pinion_link_of(connection));
	full_nat = PINION_CONSTANT(FULLNAT) && forward->link.flags & PINION_FULLNAT;
	if (!(forward->link.flags & PINION_PAIRED) ||
	    !(full_nat ? pinion_same_local(connection, pkt, table)
		       : pinion_same_client(connection, pkt, table, 1)))
		return 0;
	pinion_take_vip(pkt, connection, table);
	if (full_nat)
		pinion_take_client(pkt, connection, table);
	PINION_FENCE();
	again = PINION_LOAD(connection->word);
	if ((again ^ forward->word) >> 8 || pinion_state_of(again) <= PINION_STATE_CLAIMED)
		return 0;
	forward->connection = connection;
	return pinion_is_from(pkt, forward->link.server, table);
}

/* It goes the way that the connection's client comes. */
static __always_inline void pinion_lead_back(struct pinion_packet *pkt,
					     const struct pinion_found *forward)
{
	pkt->reference = forward->link.server;
	pkt->last_hop = forward->link.next_hop;
	pkt->is_reply = 1;
}

/* A packet of the real server. One whose connection is gone is left to the stack. */
static __always_inline enum pinion_verdict pinion_known_reply(struct pinion_packet *pkt,
							      const struct pinion_found *half,
							      struct pinion_table table)
{
	const struct pinion_settings *config = pinion_settings();
	struct pinion_found forward = {};
	__u8 state, next;
	__u32 period;
	__s32 left;

	if (!config || !pinion_read_forward(pkt, half->link.server, table, &forward))
		return PINION_PASS_NOT_OURS;
	state = pinion_state_of(forward.word);
	next = pinion_state_after_reply(state, pkt->event);
	if (next != state)
		pinion_move(&forward, next, pinion_load_of(forward.link.server));
	left = (__s32)(PINION_LOAD(half->connection->seen) - pkt->now);
	period = pinion_period(config, next);
	if (PINION_LOAD(forward.connection->seen) != pkt->now)
		PINION_STORE(forward.connection->seen, pkt->now);
	if (next != pinion_state_of(half->word))
		pinion_move(half, next, 0);
	if (next != pinion_state_of(half->word) || left < (__s32)period)
		PINION_STORE(half->connection->seen, pkt->now + 2 * period);
	pinion_lead_back(pkt, &forward);
	if (PINION_CONSTANT(TELLS) && pinion_telling(forward.link.flags))
		pinion_hear_server(pkt, half, &forward, table);
	return PINION_FORWARD_REPLY;
}
