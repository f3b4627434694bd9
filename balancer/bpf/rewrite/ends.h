/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What both ends of full NAT's packets become. */
#pragma once

#include "balancer/bpf/conntrack/local_end.h"
#include "balancer/bpf/conntrack/tables.h"
#include "balancer/bpf/parse/packet.h"

/* An IPv4 address is one word; of what crosses, the last of four. */
struct pinion_ends {
	__be32 saddr[4];
	__be32 daddr[4];
	__be16 sport;
	__be16 dport;
};

static __always_inline int pinion_reply_ends(const struct pinion_packet *pkt,
					     struct pinion_ends *ends)
{
	__builtin_memcpy(ends->saddr, pkt->address, 16);
	ends->sport = pkt->port;
	if (pkt->is_v6) {
		__builtin_memcpy(ends->daddr, pkt->flow6.daddr, 16);
		ends->dport = pkt->flow6.dport;
	} else {
		ends->daddr[0] = pkt->flow4.daddr;
		ends->dport = pkt->flow4.dport;
	}
	return 1;
}

static __always_inline int pinion_request_ends(const struct pinion_packet *pkt,
					       struct pinion_ends *ends)
{
	const struct pinion_real_server *server = pinion_server(pkt->reference);
	const __be32 *local = pinion_local_address(pkt->local);

	if (!server || !local)
		return 0;
	if (pkt->is_v6) {
		__builtin_memcpy(ends->saddr, local, 16);
		__builtin_memcpy(ends->daddr, server->address, 16);
	} else {
		ends->saddr[0] = local[3];
		ends->daddr[0] = server->address[3];
	}
	ends->sport = pkt->local_port;
	ends->dport = pinion_port_at(server, pkt);
	return 1;
}

/* False: the tables have no such ends, which cannot be. */
static __always_inline int pinion_new_ends(const struct pinion_packet *pkt,
					   struct pinion_ends *ends)
{
	return pkt->is_reply ? pinion_reply_ends(pkt, ends) : pinion_request_ends(pkt, ends);
}
