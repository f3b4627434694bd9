/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage 3, only for packets of no known connection: which virtual service is the packet for? */
#pragma once

#include "maps.h"
#include "packet.h"

static __always_inline struct pinion_service_key pinion_service_key(const struct pinion_packet *pkt)
{
	struct pinion_service_key key = {};

	if (pkt->is_v6) {
		__builtin_memcpy(key.addr, pkt->flow6.daddr, sizeof(key.addr));
		key.port = pkt->flow6.dport;
		key.protocol = pkt->flow6.protocol;
	} else {
		key.addr[2] = bpf_htonl(0xffff);
		key.addr[3] = pkt->flow4.daddr;
		key.port = pkt->flow4.dport;
		key.protocol = pkt->flow4.protocol;
	}
	return key;
}

/* ::ffff:a.b.c.d is how IPv4 is written here; in an IPv6 packet it is nobody's address. */
static __always_inline int pinion_is_mapped(const struct pinion_packet *pkt)
{
	const __be32 *addr = pkt->flow6.daddr;

	return pkt->is_v6 && !(addr[0] | addr[1] | (addr[2] ^ bpf_htonl(0xffff)));
}

/* Traffic for other addresses is passed, not dropped. */
static __always_inline enum pinion_verdict pinion_find_service(const struct pinion_packet *pkt,
							       struct pinion_service **service)
{
	struct pinion_service_key key = pinion_service_key(pkt);

	*service = pinion_is_mapped(pkt) ? 0 : bpf_map_lookup_elem(&services, &key);
	if (!*service)
		return PINION_PASS_NOT_OURS;
	return (*service)->slot_count ? PINION_NEXT : PINION_DROP_NO_SERVER;
}
