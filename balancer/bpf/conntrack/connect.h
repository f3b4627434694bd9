/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stages 2 to 5: the packet's real server, from its connection, or from a new one. */
#pragma once

#include "balancer/bpf/client_info/telling.h"
#include "balancer/bpf/conntrack/local_ports.h"
#include "balancer/bpf/conntrack/pair.h"
#include "balancer/bpf/conntrack/tables.h"
#include "balancer/bpf/lib/clock.h"
#include "balancer/bpf/nat64/crossing.h"
#include "balancer/bpf/parse/entrance.h"
#include "balancer/bpf/service/lookup.h"
#include "balancer/bpf/service/schedule.h"
#include "balancer/bpf/service/vip_filter.h"

static __always_inline void pinion_count_connection(__u32 reference)
{
	struct pinion_counters *count = pinion_counters_of(reference);

	if (count)
		count->connections++;
}

/* Does the packet begin something new in the place of a connection that is over? A SYN after the
 * end (port reuse), or a UDP packet after the timeout.
 */
static __always_inline int pinion_restarts(__u8 next, __u32 idle)
{
	const struct pinion_settings *config;

	if (next != PINION_STATE_UDP)
		return next == PINION_STATE_RESTART;
	config = pinion_settings();
	return config && idle > config->timeout[PINION_STATE_UDP];
}

/* May the connection go to another real server, if its own is unreachable? Not once the client has
 * had an answer: but a SYN that is sent again has had none, and UDP promises nothing.
 */
static __always_inline int pinion_may_move(__u8 state, __u8 event)
{
	return state == PINION_STATE_UDP ||
	       (state == PINION_STATE_SYN_RECEIVED && event == PINION_EVENT_SYN);
}

/* Takes a known connection to its next state. PINION_NEXT: it has ended, and a new one is to be
 * made, because the packet starts anew and the real server takes no new connections, or is
 * unreachable.
 */
static __always_inline enum pinion_verdict pinion_advance(const struct pinion_packet *pkt,
							  const struct pinion_found *found,
							  __u32 seen, __u8 *next)
{
	enum pinion_verdict verdict = PINION_FORWARD_KNOWN;
	__u32 server = found->link.server;
	__u8 state = pinion_state_of(found->word);

	*next = pinion_next_state(state, pkt->event);
	if (pinion_may_move(state, pkt->event) && pinion_unreachable(server)) {
		pinion_end(found, pinion_load_of(server));
		return PINION_NEXT;
	}
	if (pinion_restarts(*next, pinion_idle(seen, pkt->now))) {
		if (!pinion_accepts(server)) {
			pinion_end(found, pinion_load_of(server));
			return PINION_NEXT;
		}
		verdict = PINION_FORWARD_NEW;
		if (*next == PINION_STATE_RESTART)
			*next = PINION_STATE_SYN_RECEIVED;
		pinion_count_connection(server);
	}
	if (*next != state)
		pinion_move(found, *next, pinion_load_of(server));
	return verdict;
}

/* Is the reply half to follow what the client's packet has done to its connection? */
static __always_inline enum pinion_mirroring pinion_mirroring_of(const struct pinion_packet *pkt,
								 const struct pinion_found *found,
								 __u32 seen, __u8 next)
{
	const struct pinion_settings *config = pinion_settings();
	__u32 crossed = seen ^ pkt->now;

	if (next != pinion_state_of(found->word) ||
	    (PINION_CONSTANT(TELLS) && pkt->event == PINION_EVENT_SYN))
		return PINION_MIRROR_KNOWN;
	if (config && crossed >= pinion_period(config, next))
		return PINION_MIRROR_KNOWN;
	return crossed >> PINION_HOP_SHIFT ? PINION_MIRROR_HOP : PINION_MIRROR_NONE;
}

/* A packet of a known connection: most are data of an established one. PINION_NEXT: a new one is to
 * be made (pinion_advance()).
 */
static __always_inline enum pinion_verdict pinion_known(struct pinion_packet *pkt,
							const struct pinion_found *found)
{
	enum pinion_verdict verdict = PINION_FORWARD_KNOWN;
	__u32 seen = PINION_LOAD(found->connection->seen);
	__u8 next = pinion_state_of(found->word);

	if (next != PINION_STATE_ESTABLISHED || pkt->event != PINION_EVENT_DATA)
		verdict = pinion_advance(pkt, found, seen, &next);
	if (!verdict)
		return PINION_NEXT;
	if (PINION_CONSTANT(TWO_SIDED) && found->link.flags & PINION_PAIRED)
		pkt->mirror = verdict == PINION_FORWARD_NEW
				      ? PINION_MIRROR_NEW
				      : pinion_mirroring_of(pkt, found, seen, next);
	if (seen != pkt->now) /* A line that stays clean stays in every CPU's cache. */
		PINION_STORE(found->connection->seen, pkt->now);
	pkt->reference = found->link.server;
	return verdict;
}

/* The state that a packet without a connection starts one in. */
static __always_inline __u8 pinion_first_state(const struct pinion_packet *pkt)
{
	if (pinion_protocol(pkt) == IPPROTO_UDP)
		return PINION_STATE_UDP;
	return pkt->event == PINION_EVENT_SYN ? PINION_STATE_SYN_RECEIVED : PINION_STATE_PICKED_UP;
}

/* Writes the new connection into the claimed entry, and keeps `load` exact. */
static __always_inline void pinion_settle(const struct pinion_found *claim, const pinion_word *flow,
					  struct pinion_shape shape, union pinion_link link,
					  __u8 state, __u32 now)
{
	pinion_load_add(pinion_load_of(link.server), state, 1);
	pinion_publish(claim, flow, shape, link, state, now);
	pinion_count_connection(link.server);
}

/* A packet of no known connection. What comes in mid-stream (the connection was made elsewhere, or
 * lost) has no turn: its hash leads it to the same real server here and on every other director.
 * PINION_NEXT: somebody else has just taken its place; once more.
 */
static __always_inline enum pinion_verdict
pinion_new(struct pinion_packet *pkt, const pinion_word *flow, struct pinion_table table)
{
	__u8 state = pinion_first_state(pkt);
	struct pinion_settings *config = pinion_settings();
	struct pinion_pool pool = {};
	struct pinion_vacancy vacancy;
	struct pinion_buckets buckets;
	struct pinion_found claim = {};
	enum pinion_verdict verdict;
	union pinion_link link;
	__u8 displaced;
	__u32 slot;

	verdict = pinion_find_service(pkt, &pool);
	if (verdict)
		return verdict;
	if (!config || !pinion_buckets_of(pkt->hash, table, &buckets))
		return PINION_DROP_INTERNAL;
	slot = pinion_slot_by_hash(&pool, flow, (int)table.shape.words);
	vacancy = pinion_place(buckets, table.shape, pkt->now, config);
	if (vacancy.connection && !pinion_claim(vacancy, pkt->now, config, &claim, &displaced))
		return PINION_NEXT;
	if (!vacancy.connection) {
		pkt->reference = pinion_server_in(&pool, slot);
		if (PINION_CONSTANT(TWO_SIDED) && pinion_pairs(pinion_server(pkt->reference)))
			return PINION_DROP_TABLE_FULL;
		return PINION_FORWARD_TABLE_FULL;
	}
	pinion_unload(&claim, displaced);
	if (pool.selection == PINION_SELECT_TURN && state != PINION_STATE_PICKED_UP)
		slot = pinion_slot_by_turn(&pool);
	pkt->reference = pinion_server_in(&pool, slot);
	link = pinion_link_to(pkt->reference);
	if (PINION_CONSTANT(TWO_SIDED) && pinion_pairs(pinion_server(pkt->reference))) {
		link.flags = PINION_PAIRED;
		pkt->mirror = PINION_MIRROR_NEW;
	}
	if (PINION_CONSTANT(FULLNAT) && pinion_is_full_nat(pinion_server(pkt->reference))) {
		link.flags |= PINION_FULLNAT;
		pkt->full_nat = 1;
	}
	pinion_settle(&claim, flow, table.shape, link, state, pkt->now);
	return PINION_FORWARD_NEW;
}

PINION_GLOBAL_FUNC int pinion_new4(struct pinion_packet *pkt)
{
	const struct pinion_table table = {PINION_SHAPE4, (__u32)PINION_CONSTANT(GROUPS4), 0};

	return pkt ? (int)pinion_new(pkt, (const pinion_word *)&pkt->flow4, table)
		   : PINION_DROP_INTERNAL;
}

PINION_GLOBAL_FUNC int pinion_new6(struct pinion_packet *pkt)
{
	const struct pinion_table table = {PINION_SHAPE6, (__u32)PINION_CONSTANT(GROUPS6), 1};

	return pkt ? (int)pinion_new(pkt, (const pinion_word *)&pkt->flow6, table)
		   : PINION_DROP_INTERNAL;
}

/* PINION_NEXT: there is no such connection, or it gives way to a new one. */
static __always_inline enum pinion_verdict pinion_find_connection(struct pinion_packet *pkt,
								  const pinion_word *flow,
								  struct pinion_table table)
{
	struct pinion_found found = {};
	enum pinion_verdict verdict;

	if (!table.groups)
		return PINION_PASS_NOT_OURS;
	pkt->hash = pinion_table_hash(flow, table);
	pkt->now = pinion_now();
	if (!pinion_lookup(pkt->hash, flow, table, &found))
		return PINION_NEXT;
	if (PINION_CONSTANT(TWO_SIDED) && found.link.flags & PINION_REPLY)
		return pinion_known_reply(pkt, &found, table);
	verdict = pinion_known(pkt, &found);
	if (verdict && PINION_CONSTANT(FULLNAT) && found.link.flags & PINION_FULLNAT)
		pinion_take_local(pkt, &found, table);
	return verdict;
}

/* An IPv4 packet that IPv4's table does not know, or no longer: is it an IPv4 server's reply to an
 * IPv6 client? If not, `otherwise` stands.
 */
PINION_GLOBAL_FUNC int pinion_find_crossed(struct pinion_packet *pkt, __u32 otherwise)
{
	const struct pinion_table table = {PINION_SHAPE6, (__u32)PINION_CONSTANT(GROUPS6), 1};
	enum pinion_verdict verdict = (enum pinion_verdict)otherwise;
	struct pinion_found half = {};
	struct pinion_flow4 flow;
	__u32 hash;

	if (!pkt)
		return PINION_DROP_INTERNAL;
	flow = pkt->flow4;
	pinion_map_flow(pkt);
	hash = pinion_table_hash((const pinion_word *)&pkt->flow6, table);
	if (pinion_lookup(hash, (const pinion_word *)&pkt->flow6, table, &half) &&
	    half.link.flags & PINION_REPLY) {
		pkt->now = pinion_now();
		verdict = pinion_known_reply(pkt, &half, table);
	}
	if (verdict == PINION_FORWARD_REPLY) {
		pkt->hash = hash;
		pinion_begin_crossing(pkt);
	} else {
		pinion_unmap_flow(pkt, &flow);
	}
	return verdict;
}

/* Of IPv4. */
static __always_inline enum pinion_verdict pinion_connect4(struct pinion_packet *pkt)
{
	const struct pinion_table table = {PINION_SHAPE4, (__u32)PINION_CONSTANT(GROUPS4), 0};
	enum pinion_verdict verdict =
		pinion_find_connection(pkt, (const pinion_word *)&pkt->flow4, table);

	if (PINION_CONSTANT(CROSSES) && (!verdict || verdict == PINION_PASS_NOT_OURS))
		verdict = (enum pinion_verdict)pinion_find_crossed(pkt, verdict);
	if (!verdict)
		verdict = (enum pinion_verdict)pinion_new4(pkt);
	return verdict ? verdict : (enum pinion_verdict)pinion_new4(pkt);
}

/* Of IPv6. */
static __always_inline enum pinion_verdict pinion_connect6(struct pinion_packet *pkt)
{
	const struct pinion_table table = {PINION_SHAPE6, (__u32)PINION_CONSTANT(GROUPS6), 1};
	enum pinion_verdict verdict;

	if (PINION_CONSTANT(CROSSES) && pinion_is_mapped(pkt))
		return PINION_PASS_NOT_OURS;
	verdict = pinion_find_connection(pkt, (const pinion_word *)&pkt->flow6, table);
	if (!verdict)
		verdict = (enum pinion_verdict)pinion_new6(pkt);
	return verdict ? verdict : (enum pinion_verdict)pinion_new6(pkt);
}

static __always_inline __u32 pinion_vip_bit6(const __be32 *addr)
{
	return pinion_vip_bit(addr[0], addr[1], addr[2], addr[3]);
}

static __always_inline __u32 pinion_vip_bit4(__be32 addr)
{
	return pinion_vip_bit(0, 0, bpf_htonl(0xffff), addr);
}

/* It may be for a VIP, or from a real server whose replies pass here. */
static __always_inline int pinion_may_be_ours(const struct pinion_packet *pkt)
{
	const __u32 first = 0;
	const struct pinion_vip_filter *filter = bpf_map_lookup_elem(&vips, &first);

	if (!filter || pinion_vip_test(filter, pkt->is_v6 ? pinion_vip_bit6(pkt->flow6.daddr)
							  : pinion_vip_bit4(pkt->flow4.daddr)))
		return 1;
	return PINION_CONSTANT(TWO_SIDED) &&
	       pinion_vip_test(filter, pkt->is_v6 ? pinion_vip_bit6(pkt->flow6.saddr)
						  : pinion_vip_bit4(pkt->flow4.saddr));
}

static __always_inline enum pinion_verdict pinion_connect(struct xdp_md *ctx,
							  struct pinion_packet *pkt)
{
	enum pinion_verdict verdict;
	int failed = PINION_NEXT;

	if (PINION_CONSTANT(VLANS) && !pinion_enter(ctx, pkt))
		return PINION_PASS_OTHER_VLAN;
	verdict = pkt->is_v6 ? pinion_connect6(pkt) : pinion_connect4(pkt);
	if (PINION_CONSTANT(FULLNAT) && pkt->mirror && pkt->full_nat)
		failed = pkt->is_v6 ? pinion_mirror_local6(ctx, pkt)
				    : pinion_mirror_local4(ctx, pkt);
	else if (PINION_CONSTANT(TWO_SIDED) && pkt->mirror)
		failed = pkt->is_v6 ? pinion_mirror6(ctx, pkt) : pinion_mirror4(ctx, pkt);
	if (!failed && PINION_CONSTANT(TELLS) && pkt->tell && !pkt->is_reply)
		failed = pkt->is_v6 ? pinion_prepare_telling6(pkt) : pinion_prepare_telling4(pkt);
	if (failed)
		verdict = (enum pinion_verdict)failed;
	return verdict ? verdict : PINION_DROP_TABLE_FULL;
}
