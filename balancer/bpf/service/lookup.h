/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage 3, only for packets of no known connection: which virtual service is the packet for? */
#pragma once

#include "balancer/bpf/abi/maps.h"
#include "balancer/bpf/parse/packet.h"

/* What a new connection needs of its service, read at once: the daemon may replace the value. */
struct pinion_pool {
	__u32 service; /* pinion_service.index */
	__u32 slot_base;
	__u32 slot_count;
	__u8 selection; /* enum pinion_selection */
};

static __always_inline void pinion_read_pool(const struct pinion_service *service,
					     struct pinion_pool *pool)
{
	pool->service = service->index;
	pool->slot_base = service->slot_base;
	pool->slot_count = service->slot_count;
	pool->selection = service->selection;
}

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

/* In an IPv6 packet ::ffff:a.b.c.d is nobody's address. */
static __always_inline int pinion_is_mapped(const struct pinion_packet *pkt)
{
	return pkt->is_v6 && pinion_is_ipv4(pkt->flow6.daddr);
}

/* The narrowest range of ports at the packet's address, or any port there. */
static __always_inline const struct pinion_service *
pinion_find_range(const struct pinion_packet *pkt)
{
	struct pinion_range_key range = {
		.bits = 8 * sizeof(range.key),
		.key = pinion_service_key(pkt),
	};

	return bpf_map_lookup_elem(&service_ranges, &range);
}

/* The narrowest prefix around the packet's address that has its port; else, any port. */
static __always_inline const struct pinion_service *
pinion_find_prefix(const struct pinion_packet *pkt)
{
	const struct pinion_service_key key = pinion_service_key(pkt);
	struct pinion_prefix_key prefix = {
		.bits = PINION_PREFIX_BITS + 8 * sizeof(prefix.addr),
		.protocol = key.protocol,
		.port = key.port,
	};
	const struct pinion_service *found;

	__builtin_memcpy(prefix.addr, key.addr, sizeof(prefix.addr));
	found = bpf_map_lookup_elem(&service_prefixes, &prefix);
	if (found)
		return found;
	prefix.port = 0;
	return bpf_map_lookup_elem(&service_prefixes, &prefix);
}

/* A service that is not for this very address and port. */
PINION_GLOBAL_FUNC int pinion_find_wider(const struct pinion_packet *pkt, struct pinion_pool *pool)
{
	const struct pinion_service *found = 0;

	if (!pkt || !pool)
		return 0;
	if (PINION_CONSTANT(RANGES))
		found = pinion_find_range(pkt);
	if (!found && PINION_CONSTANT(PREFIXES))
		found = pinion_find_prefix(pkt);
	if (!found)
		return 0;
	pinion_read_pool(found, pool);
	return 1;
}

/* Traffic for other addresses is passed, not dropped. */
static __always_inline enum pinion_verdict pinion_find_service(const struct pinion_packet *pkt,
							       struct pinion_pool *pool)
{
	struct pinion_service_key key = pinion_service_key(pkt);
	const struct pinion_service *exact;

	if (pinion_is_mapped(pkt))
		return PINION_PASS_NOT_OURS;
	exact = bpf_map_lookup_elem(&services, &key);
	if (exact)
		pinion_read_pool(exact, pool);
	else if (!PINION_CONSTANT(LISTENERS) || !pinion_find_wider(pkt, pool))
		return PINION_PASS_NOT_OURS;
	return pool->slot_count ? PINION_NEXT : PINION_DROP_NO_SERVER;
}
