/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which local end a connection gets by full NAT. Any pair of a local address and a port serves that
 * no other connection to the same real server has; its reply half says that it is taken (of
 * both families, where some cross: crossing_pairs.h).
 *
 * - A pair is free when it has no reply half, or an expired one. So a pair whose connection is in
 *   TIME_WAIT is not given to another client, whose sequence numbers the real server would take for
 *   old ones. (The same client that comes again from the same port goes on with its pair: to the
 *   real server it is as if there were no director.)
 * - The reply half is published first, then looked for once more: of two CPUs that have taken one
 *   pair at the same time, one at least sees the other's, and lets go. Then the pair is swapped
 * into the forward half, where it finds none: two packets of one connection get one pair.
 * - A half-open connection may lose its reply half, and its pair with it to another connection; its
 *   next packet that runs through here is then given another one.
 */
#pragma once

#include "balancer/bpf/conntrack/crossing_pairs.h"
#include "balancer/bpf/conntrack/local_end.h"
#include "balancer/bpf/conntrack/pair.h"
#include "balancer/bpf/nat64/crossing.h"

/* At 80 % of all pairs in use, 16 attempts fail for 1 new connection in 35; at 60 %, in 3,500. */
#define PINION_LOCAL_ATTEMPTS 16

/* The attempt's pair into the packet. All pairs of the pool stand in a row: attempts begin anywhere
 * and go on by an odd step, so that of a power of two they meet each once. PINION_NEXT: done.
 */
PINION_GLOBAL_FUNC int pinion_draw_local(struct pinion_packet *pkt, __u32 attempt)
{
	const __u32 first = 0;
	const struct pinion_local_addresses *pool = bpf_map_lookup_elem(&local_addresses, &first);
	__u32 hash, ports, pairs;
	__u64 pair;
	__u8 place;
	int is_v6;

	if (!pkt || !pool)
		return PINION_DROP_INTERNAL;
	is_v6 = pkt->is_v6 && !pinion_crosses_to(pkt, pinion_server(pkt->reference));
	ports = PINION_LOAD(pool->ports);
	pairs = ports * (is_v6 ? PINION_LOAD(pool->count6) : PINION_LOAD(pool->count4));
	if (!pairs)
		return PINION_DROP_NO_PORT;
	hash = pinion_mix(pkt->hash ^ pinion_mix(pkt->now));
	pair = pinion_spread(hash, pairs) + (__u64)attempt * (pinion_mix(~hash) | 1);
	pair %= pairs;
	place = (__u8)(pair / ports);
	pkt->local = is_v6 ? pool->pool6[place] : pool->pool4[place];
	pkt->local_port = bpf_htons((__u16)(pool->first_port + pair % ports));
	return pkt->local ? PINION_NEXT : PINION_DROP_NO_PORT; /* The pool has just shrunk. */
}

/* Is no other entry of that flow beside this one? */
static __always_inline int pinion_is_alone(struct pinion_buckets buckets, const pinion_word *flow,
					   struct pinion_shape shape,
					   const struct pinion_connection *mine,
					   struct pinion_found *other)
{
	int others = 0;

	for (__u32 way = 0; way < PINION_WAYS; way++) {
		struct pinion_connection *one = pinion_entry(buckets.first, way, shape);
		struct pinion_connection *two = pinion_entry(buckets.second, way, shape);

		others |= one != mine && pinion_match(one, flow, shape, other);
		others |= two != mine && pinion_match(two, flow, shape, other);
	}
	return !others;
}

/* Writes the packet's pair into its forward half, which has none. Where another packet of the same
 * connection was faster, the packet gets that one's pair, and false is returned; where the
 * connection has just ended, it gets none.
 */
static __always_inline int pinion_assign_local(struct pinion_packet *pkt, const pinion_word *flow,
					       struct pinion_table table)
{
	struct pinion_connection *forward = pinion_at(table, pkt->place);
	union pinion_last_word last = {.whole = flow[table.shape.words - 1]};
	__u64 unassigned = last.whole;
	pinion_word *stored;

	last.local = pkt->local;
	last.local_port = pkt->local_port;
	if (!forward)
		return 0;
	stored = pinion_last_word(forward, table);
	if (PINION_SWAP(*stored, unassigned, last.whole))
		return 1;
	last.whole = PINION_LOAD(*stored);
	pkt->local = last.local;
	pkt->local_port = pinion_flow_difference(last.whole, unassigned, 1) ? 0 : last.local_port;
	return 0;
}

/* Makes the packet's pair that of its connection, or, if it has it already, brings the reply half
 * in line: PINION_NEXT, else the verdict says why not.
 */
static __always_inline enum pinion_verdict pinion_hold_local(struct pinion_packet *pkt,
							     const pinion_word *flow, int assigned,
							     struct pinion_table table)
{
	const struct pinion_settings *config = pinion_settings();
	struct pinion_scratch *scratch = pinion_scratch();
	struct pinion_found found = {}, mine = {};
	struct pinion_buckets buckets;
	union pinion_flow *reply;
	enum pinion_verdict failed;

	if (!config || !scratch)
		return PINION_DROP_INTERNAL;
	reply = (union pinion_flow *)scratch->reply;
	if (!pinion_local_reply_flow(pkt, table, reply) ||
	    !pinion_buckets_of(pinion_table_hash(reply->words, table), table, &buckets))
		return PINION_DROP_INTERNAL;
	if (pinion_find(buckets, reply->words, table.shape, &found)) {
		if (assigned && found.link.flags & PINION_REPLY &&
		    found.link.server == pkt->place) {
			pinion_renew_half(pkt, &found, config);
			return PINION_NEXT;
		}
		if (pinion_rank(found.connection, pkt->now, config) < PINION_RANK(PINION_EXPIRED))
			return PINION_DROP_NO_PORT;
		pinion_end(&found, 0);
	}
	failed = pinion_add_half(pkt, buckets, reply, table, config, &mine);
	if (failed)
		return failed;
	if (!pinion_is_alone(buckets, reply->words, table.shape, mine.connection, &found)) {
		pinion_end(&mine, 0);
		return PINION_DROP_NO_PORT;
	}
	if (!assigned && !pinion_assign_local(pkt, flow, table))
		pinion_end(&mine, 0);
	return PINION_NEXT;
}

PINION_GLOBAL_FUNC int pinion_hold_local4(struct pinion_packet *pkt, __u32 assigned)
{
	const struct pinion_table table = {PINION_SHAPE4, (__u32)PINION_CONSTANT(GROUPS4), 0};

	return pkt ? (int)pinion_hold_local(pkt, (const pinion_word *)&pkt->flow4, assigned != 0,
					    table)
		   : PINION_DROP_INTERNAL;
}

PINION_GLOBAL_FUNC int pinion_hold_local6(struct pinion_packet *pkt, __u32 assigned)
{
	const struct pinion_table table = {PINION_SHAPE6, (__u32)PINION_CONSTANT(GROUPS6), 1};

	return pkt ? (int)pinion_hold_local(pkt, (const pinion_word *)&pkt->flow6, assigned != 0,
					    table)
		   : PINION_DROP_INTERNAL;
}

static __always_inline int pinion_hold(struct pinion_packet *pkt, int assigned,
				       struct pinion_table table)
{
	int failed =
		table.is_v6 ? pinion_hold_local6(pkt, assigned) : pinion_hold_local4(pkt, assigned);

	return failed ? failed : pinion_give_way(pkt, pkt->place);
}

/* The pair is another connection's: takes it out of the forward half, if it stands there. */
static __always_inline void pinion_lose_local(struct pinion_packet *pkt,
					      struct pinion_connection *connection,
					      const pinion_word *flow, struct pinion_table table)
{
	union pinion_last_word last = {.whole = flow[table.shape.words - 1]};
	__u64 unassigned = last.whole;

	last.local = pkt->local;
	last.local_port = pkt->local_port;
	(void)PINION_SWAP(*pinion_last_word(connection, table), last.whole, unassigned);
	pkt->mirror = PINION_MIRROR_NEW;
}

/* One attempt to find a pair for the packet's connection, which has none. */
static __always_inline int pinion_try_local(struct pinion_packet *pkt, const pinion_word *flow,
					    __u32 attempt, struct pinion_table table)
{
	struct pinion_connection *connection = pinion_at(table, pkt->place);
	int failed = pinion_draw_local(pkt, attempt);

	if (!failed)
		failed = pinion_hold(pkt, 0, table);
	if (PINION_CONSTANT(CROSSES) && failed && connection)
		pinion_lose_local(pkt, connection, flow, table);
	return failed;
}

PINION_GLOBAL_FUNC int pinion_try_local4(struct pinion_packet *pkt, __u32 attempt)
{
	const struct pinion_table table = {PINION_SHAPE4, (__u32)PINION_CONSTANT(GROUPS4), 0};

	return pkt ? pinion_try_local(pkt, (const pinion_word *)&pkt->flow4, attempt, table)
		   : PINION_DROP_INTERNAL;
}

PINION_GLOBAL_FUNC int pinion_try_local6(struct pinion_packet *pkt, __u32 attempt)
{
	const struct pinion_table table = {PINION_SHAPE6, (__u32)PINION_CONSTANT(GROUPS6), 1};

	return pkt ? pinion_try_local(pkt, (const pinion_word *)&pkt->flow6, attempt, table)
		   : PINION_DROP_INTERNAL;
}

/* A pair for a connection that has none. */
static __always_inline int pinion_find_local(struct pinion_packet *pkt, struct pinion_table table)
{
	int failed = PINION_DROP_NO_PORT;

#pragma clang loop unroll(disable)
	for (__u32 attempt = 0; attempt < PINION_LOCAL_ATTEMPTS && failed; attempt++)
		failed = table.is_v6 ? pinion_try_local6(pkt, attempt)
				     : pinion_try_local4(pkt, attempt);
	return failed;
}

/* What pinion_mirror() does for NAT. */
static __always_inline int pinion_mirror_local(struct xdp_md *ctx, struct pinion_packet *pkt,
					       const pinion_word *flow, struct pinion_table table)
{
	struct pinion_found found = {};
	int failed = PINION_DROP_NO_PORT;

	if (!pinion_find_again(pkt, flow, table, &found)) /* It has just ended. */
		return pkt->local_port ? PINION_NEXT : PINION_DROP_NO_PORT;
	pinion_note_hop(ctx, pkt, &found);
	pinion_take_local(pkt, &found, table);
	if (pkt->mirror == PINION_MIRROR_HOP)
		return PINION_NEXT;
	if (PINION_CONSTANT(TELLS) && pinion_begins_stream(pkt, pinion_state_of(found.word)))
		pkt->tell |= PINION_BEGINS;
	if (pkt->local_port)
		failed = pinion_hold(pkt, 1, table);
	if (failed == PINION_DROP_NO_PORT) {
		if (pkt->local_port)
			pinion_lose_local(pkt, found.connection, flow, table);
		failed = pinion_find_local(pkt, table);
	}
	if (!failed || pkt->mirror != PINION_MIRROR_NEW)
		return PINION_NEXT;
	pinion_end(&found, pinion_load_of(found.link.server));
	return failed;
}

PINION_GLOBAL_FUNC int pinion_mirror_local4(struct xdp_md *ctx, struct pinion_packet *pkt)
{
	const struct pinion_table table = {PINION_SHAPE4, (__u32)PINION_CONSTANT(GROUPS4), 0};

	return pkt ? pinion_mirror_local(ctx, pkt, (const pinion_word *)&pkt->flow4, table)
		   : PINION_DROP_INTERNAL;
}

PINION_GLOBAL_FUNC int pinion_mirror_local6(struct xdp_md *ctx, struct pinion_packet *pkt)
{
	const struct pinion_table table = {PINION_SHAPE6, (__u32)PINION_CONSTANT(GROUPS6), 1};

	return pkt ? pinion_mirror_local(ctx, pkt, (const pinion_word *)&pkt->flow6, table)
		   : PINION_DROP_INTERNAL;
}
