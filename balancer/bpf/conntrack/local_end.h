/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Full NAT's local end of a connection: the address, by its number, and the port that its packets
 * are sent from, and that the real server answers to. It stands in the last word of the forward
 * half's flow, so that it is read with the line that was just compared.
 */
#pragma once

#include "balancer/bpf/conntrack/tables.h"

union pinion_last_word {
	__u64 whole;
	struct {
		__be16 sport;
		__be16 dport;
		__u8 protocol;
		__u8 local;
		__be16 local_port; /* 0: none has been assigned yet. */
	};
};

/* What a connection's flags say of how its real server is told of the client. */
static __always_inline __u8 pinion_telling(__u16 flags)
{
	return flags & (PINION_TOA | PINION_PROXY | PINION_TOLD);
}

static __always_inline pinion_word *pinion_last_word(struct pinion_connection *connection,
						     struct pinion_table table)
{
	return (pinion_word *)(connection + 1) + table.shape.words - 1;
}

/* The four words of a local address; NULL: there is no map, which cannot be. */
static __always_inline const __be32 *pinion_local_address(__u8 number)
{
	const __u32 first = 0;
	const struct pinion_local_addresses *local = bpf_map_lookup_elem(&local_addresses, &first);

	if (!local)
		return 0;
	/* The compiler must not add to the pointer before it has been checked: Linux 6.1's verifier
	 * refuses that.
	 */
	PINION_OPAQUE(local);
	return local->address[number];
}

/* Where the client's packet is sent from, from its connection. One that has nothing yet, or has
 * become another connection meanwhile, is to be given something.
 */
static __always_inline void pinion_take_local(struct pinion_packet *pkt,
					      const struct pinion_found *found,
					      struct pinion_table table)
{
	union pinion_last_word last;

	last.whole = PINION_LOAD(*pinion_last_word(found->connection, table));
	PINION_FENCE();
	if ((PINION_LOAD(found->connection->word) ^ found->word) >> 8)
		last.local_port = 0;
	pkt->full_nat = 1;
	if (PINION_CONSTANT(TELLS))
		pkt->tell = pinion_telling(found->link.flags);
	pkt->local = last.local;
	pkt->local_port = last.local_port;
	if (!last.local_port)
		pkt->mirror = PINION_MIRROR_NEW;
}

/* Is the reply for this connection's local end? */
static __always_inline int pinion_same_local(struct pinion_connection *connection,
					     const struct pinion_packet *pkt,
					     struct pinion_table table)
{
	union pinion_last_word last;
	const __be32 *address;
	const __be32 *to = pkt->flow6.daddr;

	last.whole = PINION_LOAD(*pinion_last_word(connection, table));
	address = pinion_local_address(last.local);
	if (!address || last.protocol != pinion_protocol(pkt))
		return 0;
	if (!table.is_v6)
		return last.local_port == pkt->flow4.dport && address[3] == pkt->flow4.daddr;
	return last.local_port == pkt->flow6.dport &&
	       !((address[0] ^ to[0]) | (address[1] ^ to[1]) | (address[2] ^ to[2]) |
		 (address[3] ^ to[3]));
}

/* The client, from the forward half: what the reply's destination becomes. */
static __always_inline void pinion_take_client(struct pinion_packet *pkt,
					       const struct pinion_connection *forward,
					       struct pinion_table table)
{
	const void *stored = forward + 1;

	if (table.is_v6) {
		const struct pinion_flow6 *flow = stored;

		pkt->local = flow->local;
		__builtin_memcpy(pkt->flow6.daddr, flow->saddr, 16);
		pkt->flow6.dport = flow->sport;
	} else {
		const struct pinion_flow4 *flow = stored;

		pkt->local = flow->local;
		pkt->flow4.daddr = flow->saddr;
		pkt->flow4.dport = flow->sport;
	}
}
