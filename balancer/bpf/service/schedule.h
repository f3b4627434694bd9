/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage 4: which real server gets a new connection? A slot of the service's table, which the daemon
 * has built; one array read, whatever the scheduler and the size of the pool.
 */
#pragma once

#include "balancer/bpf/abi/maps.h"
#include "balancer/bpf/lib/hash.h"
#include "balancer/bpf/parse/packet.h"
#include "balancer/bpf/service/lookup.h"

/* The same for all packets of a flow, on every director: what serves without a connection, too. */
static __always_inline __u32 pinion_slot_by_hash(const struct pinion_pool *pool,
						 const pinion_word *flow, int words)
{
	return pinion_spread(pinion_hash(flow, words, pinion_slot_seed), pool->slot_count);
}

/* A cursor of its own for each CPU needs no atomic operation; each starts somewhere else. */
static __always_inline __u32 pinion_slot_by_turn(const struct pinion_pool *pool)
{
	__u32 index = pool->service;
	__u32 *cursor = bpf_map_lookup_elem(&cursors, &index);
	__u32 slot;

	if (!cursor)
		return 0;
	slot = *cursor;
	if (slot >= pool->slot_count) /* The table has become smaller, or the cursor is new. */
		slot %= pool->slot_count;
	*cursor = slot + 1 == pool->slot_count ? 0 : slot + 1;
	return slot;
}

/* A reference to the real server in that slot; 0, which no real server has, if there is none. */
static __always_inline __u32 pinion_server_in(const struct pinion_pool *pool, __u32 slot)
{
	__u32 index = pool->slot_base + slot;
	__u32 *reference = bpf_map_lookup_elem(&slots, &index);

	return reference ? *reference : 0;
}
