/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps as the stages use them: places of the connection tables, real servers by reference. */
#pragma once

#include "balancer/bpf/abi/constants.h"
#include "balancer/bpf/abi/maps.h"
#include "balancer/bpf/conntrack/connection_table.h"
#include "balancer/bpf/lib/mac_word.h"
#include "balancer/bpf/parse/packet.h"

/* The table of one family: constants after inlining. */
struct pinion_table {
	struct pinion_shape shape;
	__u32 groups;
	int is_v6;
};

static __always_inline __u32 pinion_table_hash(const pinion_word *flow, struct pinion_table table)
{
	const __u64 seed[] = {
		PINION_CONSTANT(SEED_0), PINION_CONSTANT(SEED_1),  PINION_CONSTANT(SEED_2),
		PINION_CONSTANT(SEED_3), PINION_CONSTANT(SEED_4),  PINION_CONSTANT(SEED_5),
		PINION_CONSTANT(SEED_6), PINION_CONSTANT(SEED_7),  PINION_CONSTANT(SEED_8),
		PINION_CONSTANT(SEED_9), PINION_CONSTANT(SEED_10),
	};

	return pinion_hash(flow, (int)table.shape.words, seed);
}

static __always_inline void *pinion_bucket(struct pinion_table table, __u32 index)
{
	if (table.is_v6)
		return bpf_map_lookup_elem(&connections6, &index);
	return bpf_map_lookup_elem(&connections4, &index);
}

/* This CPU's; a rare path keeps there what the stack, of 512 bytes for a chain of calls, has no
 * room for.
 */
static __always_inline struct pinion_scratch *pinion_scratch(void)
{
	const __u32 first = 0;

	return bpf_map_lookup_elem(&scratch, &first);
}

static __always_inline struct pinion_load *pinion_load_of(__u32 reference)
{
	__u32 index = PINION_INDEX(reference);

	return bpf_map_lookup_elem(&load, &index);
}

static __always_inline struct pinion_real_server *pinion_server(__u32 reference)
{
	__u32 index = PINION_INDEX(reference);

	return bpf_map_lookup_elem(&real_servers, &index);
}

/* What this CPU has counted of it. */
static __always_inline struct pinion_counters *pinion_counters_of(__u32 reference)
{
	__u32 index = bpf_get_smp_processor_id() * (__u32)PINION_CONSTANT(SERVERS) +
		      PINION_INDEX(reference);

	return bpf_map_lookup_elem(&counters, &index);
}

/* The real server's next hop and flags; all 0 where its index has become another's. */
static __always_inline pinion_mac_word pinion_hop(const struct pinion_real_server *server,
						  __u32 reference)
{
	pinion_mac_word hop;

	if (!server)
		return 0;
	hop = pinion_load_mac(server->next_hop);
	return pinion_mac_generation(hop) == PINION_GENERATION(reference) ? hop : 0;
}

static __always_inline int pinion_accepts(__u32 reference)
{
	return pinion_mac_flags(pinion_hop(pinion_server(reference), reference)) &
	       PINION_SERVER_ACCEPTS;
}

/* Nobody is there to answer: the next hop is silent, or was never found. */
static __always_inline int pinion_unreachable(__u32 reference)
{
	pinion_mac_word hop = pinion_hop(pinion_server(reference), reference);

	if (pinion_mac_flags(hop) & PINION_SERVER_HERE)
		return 0;
	return pinion_mac_flags(hop) & PINION_SERVER_UNREACHABLE || !pinion_resolved(hop);
}

static __always_inline struct pinion_settings *pinion_settings(void)
{
	const __u32 first = 0;

	return bpf_map_lookup_elem(&settings, &first);
}

/* Finds a connection; the second bucket is only looked at where the first has it not. */
static __always_inline int pinion_lookup(__u32 hash, const pinion_word *flow,
					 struct pinion_table table, struct pinion_found *found)
{
	struct pinion_choice choice = pinion_choose(hash, table.groups, table.shape);
	void *bucket = pinion_bucket(table, choice.first);

	if (!bucket)
		return 0;
	if (pinion_find_in(bucket, flow, table.shape, found))
		return 1;
	bucket = pinion_bucket(table, choice.second);
	return bucket && pinion_find_in(bucket, flow, table.shape, found);
}

/* False: the table has no such bucket, which cannot be. */
static __always_inline int pinion_buckets_of(__u32 hash, struct pinion_table table,
					     struct pinion_buckets *buckets)
{
	buckets->choice = pinion_choose(hash, table.groups, table.shape);
	buckets->first = pinion_bucket(table, buckets->choice.first);
	buckets->second = pinion_bucket(table, buckets->choice.second);
	return buckets->first && buckets->second;
}

/* Whoever was displaced by a claim no longer counts. Reply halves never did. */
static __always_inline void pinion_unload(const struct pinion_found *claim, __u8 displaced)
{
	if (displaced != PINION_STATE_FREE && !(claim->link.flags & PINION_REPLY))
		pinion_load_add(pinion_load_of(claim->link.server), displaced, -1);
}

/* The entry at a place; NULL: there is no such place. */
static __always_inline struct pinion_connection *pinion_at(struct pinion_table table, __u32 place)
{
	void *bucket = pinion_bucket(table, place / PINION_WAYS);

	return bucket ? pinion_entry(bucket, place % PINION_WAYS, table.shape) : 0;
}

/* The number of an entry's place, in both buckets of a flow: of one that stands there. */
static __always_inline __u32 pinion_place_number(const struct pinion_buckets *buckets,
						 struct pinion_shape shape,
						 const struct pinion_connection *connection)
{
	__u32 number = 0;

	for (__u32 way = 0; way < PINION_WAYS; way++) {
		if (pinion_entry(buckets->first, way, shape) == connection)
			number = buckets->choice.first * PINION_WAYS + way;
		if (pinion_entry(buckets->second, way, shape) == connection)
			number = buckets->choice.second * PINION_WAYS + way;
	}
	return number;
}

/* The packet's connection, whose place and word go into the packet. It is looked for anew even if
 * the packet has just made it: of two CPUs that have made one flow's connection at the same time,
 * both go on with the one that lookups meet first. False: it has just ended.
 */
static __always_inline int pinion_find_again(struct pinion_packet *pkt, const pinion_word *flow,
					     struct pinion_table table, struct pinion_found *found)
{
	struct pinion_buckets buckets;

	if (!pinion_buckets_of(pkt->hash, table, &buckets) ||
	    !pinion_find(buckets, flow, table.shape, found))
		return 0;
	pkt->place = pinion_place_number(&buckets, table.shape, found->connection);
	pkt->word = found->word;
	return 1;
}
