/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a client's packet of a connection that is told of is to become: client_address.h. */
#pragma once

#include "balancer/bpf/client_info/client_address.h"
#include "balancer/bpf/conntrack/local_ports.h"

/* The connection, whose SYN this is, is told of as its real server says. */
static __always_inline void pinion_begin_telling(struct pinion_packet *pkt,
						 struct pinion_connection *forward)
{
	const struct pinion_real_server *server = pinion_server(pkt->reference);
	pinion_word *link = pinion_link_of(forward);
	union pinion_link before, after;

	if (!server)
		return;
	before.whole = PINION_LOAD(*link);
	after = before;
	after.flags &= ~(PINION_TOA | PINION_PROXY | PINION_TOLD);
	if (server->client_address == PINION_CLIENT_TOA)
		after.flags |= PINION_TOA;
	if (server->client_address == PINION_CLIENT_PROXY)
		after.flags |= PINION_PROXY;
	if (after.whole != before.whole)
		(void)PINION_SWAP(*link, before.whole, after.whole);
	pkt->tell = pinion_telling(after.flags);
}

/* How far into the client's stream the packet is, by its connection's reply half. The SYN says
 * where that begins. A reply half that was lost has been made again by the packet that ends the
 * handshake, which is its first, unless it is out of order. False: there is no such half.
 */
static __always_inline int pinion_find_offset(struct pinion_packet *pkt, struct pinion_table table,
					      __s32 *offset)
{
	const struct pinion_settings *config = pinion_settings();
	__u32 sequence = bpf_ntohl(pkt->seq) + (pkt->event == PINION_EVENT_SYN);
	struct pinion_found found = {};
	struct pinion_buckets buckets;
	union pinion_flow reply;
	pinion_word *last;
	__u64 seen;
	__u32 first;

	if (!config || !pinion_local_reply_flow(pkt, table, &reply) ||
	    !pinion_buckets_of(pinion_table_hash(reply.words, table), table, &buckets) ||
	    !pinion_find(buckets, reply.words, table.shape, &found))
		return 0;
	last = pinion_last_word(found.connection, table);
	seen = PINION_LOAD(*last);
	first = pinion_first_of(seen);
	if (pkt->tell & PINION_BEGINS) {
		struct pinion_connection *forward = pinion_at(table, found.link.server);

		if (!forward)
			return 0;
		pinion_begin_telling(pkt, forward);
		first = 0;
	}
	if (!first) {
		/* The half may have become another connection's. */
		(void)PINION_SWAP(*last, seen,
				  pinion_with_first(reply.words[table.shape.words - 1], sequence));
		*offset = 0;
	} else {
		*offset = pinion_stream_offset(sequence, first);
	}
	return 1;
}

/* The first packet of the stream, whenever it comes, gets the header; those behind it make room for
 * it. A reset is no part of the stream: a server that has the header takes the one that answers its
 * next acknowledgement. Into a fragment nothing can be put.
 */
static __always_inline int pinion_prepare_telling(struct pinion_packet *pkt,
						  struct pinion_table table)
{
	const __u8 untold = pkt->tell & (PINION_PROXY | PINION_TOLD);
	__s32 offset = 1;

	if ((pkt->tell & PINION_BEGINS ||
	     (untold == PINION_PROXY && pkt->event != PINION_EVENT_SYN)) &&
	    !pinion_find_offset(pkt, table, &offset))
		return PINION_DROP_INTERNAL;
	if (pkt->tell & PINION_TOA) {
		if (!(pkt->tell & PINION_TOLD) && !pkt->fragment)
			pkt->grow = pinion_telling_size(pkt);
		return PINION_NEXT;
	}
	if (!(pkt->tell & PINION_PROXY) || pkt->event == PINION_EVENT_SYN)
		return PINION_NEXT;
	if (offset > 0)
		pkt->shift = pinion_telling_size(pkt);
	else if (offset == 0 && pkt->event != PINION_EVENT_RST)
		pkt->grow = pinion_telling_size(pkt);
	return pkt->grow && pkt->fragment ? PINION_DROP_TOO_BIG : PINION_NEXT;
}

PINION_GLOBAL_FUNC int pinion_prepare_telling4(struct pinion_packet *pkt)
{
	const struct pinion_table table = {PINION_SHAPE4, (__u32)PINION_CONSTANT(GROUPS4), 0};

	return pkt ? pinion_prepare_telling(pkt, table) : PINION_DROP_INTERNAL;
}

PINION_GLOBAL_FUNC int pinion_prepare_telling6(struct pinion_packet *pkt)
{
	const struct pinion_table table = {PINION_SHAPE6, (__u32)PINION_CONSTANT(GROUPS6), 1};

	return pkt ? pinion_prepare_telling(pkt, table) : PINION_DROP_INTERNAL;
}
