/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pairs of a local IPv4 address and a port, where some connections cross: to a real server of IPv4
 * come those of both families' tables, from one pool of pairs, and each table sees only its own
 * reply halves. So whoever has published one looks for the same pair in the other table, too; of
 * two that have taken it at the same time, one at least sees the other, and lets go
 * (local_ports.h).
 */
#pragma once

#include "balancer/bpf/conntrack/pair.h"
#include "balancer/bpf/nat64/crossing.h"

#define PINION_ANY_PLACE (~0u)

/* Is there a reply half of the packet's pair, still in use? One that leads to `place` ends. */
static __always_inline int pinion_find_half(const struct pinion_packet *pkt, __u32 place,
					    struct pinion_table table)
{
	const struct pinion_settings *config = pinion_settings();
	struct pinion_found found = {};
	union pinion_flow reply;

	if (!table.groups || !config || !pinion_local_reply_flow(pkt, table, &reply) ||
	    !pinion_lookup(pinion_table_hash(reply.words, table), reply.words, table, &found))
		return 0;
	if (found.link.server == place && found.link.flags & PINION_REPLY)
		pinion_end(&found, 0);
	return pinion_rank(found.connection, pkt->now, config) < PINION_RANK(PINION_EXPIRED);
}

PINION_GLOBAL_FUNC int pinion_find_half4(const struct pinion_packet *pkt, __u32 place)
{
	const struct pinion_table table = {PINION_SHAPE4, (__u32)PINION_CONSTANT(GROUPS4), 0};

	return pkt ? pinion_find_half(pkt, place, table) : 0;
}

PINION_GLOBAL_FUNC int pinion_find_half6(const struct pinion_packet *pkt, __u32 place)
{
	const struct pinion_table table = {PINION_SHAPE6, (__u32)PINION_CONSTANT(GROUPS6), 1};

	return pkt ? pinion_find_half(pkt, place, table) : 0;
}

/* The packet's connection, at `place`, has taken its pair. PINION_NEXT: nobody else has it; else
 * its reply half is gone again.
 */
static __always_inline int pinion_give_way(const struct pinion_packet *pkt, __u32 place)
{
	const struct pinion_real_server *server = pinion_server(pkt->reference);

	if (!PINION_CONSTANT(CROSSES) || !server || !pinion_is_ipv4(server->address))
		return PINION_NEXT;
	if (!(pkt->is_v6 ? pinion_find_half4(pkt, PINION_ANY_PLACE)
			 : pinion_find_half6(pkt, PINION_ANY_PLACE)))
		return PINION_NEXT;
	if (pkt->is_v6)
		pinion_find_half6(pkt, place);
	else
		pinion_find_half4(pkt, place);
	return PINION_DROP_NO_PORT;
}
