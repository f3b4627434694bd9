/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Auto last hop: replies go back to the MAC address and the interface that the client's packets
 * came from, without a look at the director's routes. A connection has no room for all that, so
 * hops are interned: there are as many as routers around the director.
 */
#pragma once

#include <linux/if_ether.h>

#include "balancer/bpf/abi/maps.h"
#include "balancer/bpf/lib/compat.h"
#include "balancer/bpf/parse/entrance.h"
#include "balancer/bpf/parse/packet.h"

/* A connection's is looked at every 2^this ticks: a second. A VLAN device that was made anew has
 * another number, and replies are lost until then.
 */
#define PINION_HOP_SHIFT 10

/* A number that nobody had; 0: all are given out. */
static __always_inline __u32 pinion_next_hop_number(void)
{
	const __u32 nobody = 0;
	struct pinion_last_hop *count = bpf_map_lookup_elem(&last_hops, &nobody);

	if (!count || PINION_LOAD(count->ifindex) >= PINION_LAST_HOPS - 1)
		return 0;
	return __sync_fetch_and_add(&count->ifindex, 1) + 1;
}

/* Where the packet came from, turned round. */
static __always_inline int pinion_arrival(struct xdp_md *ctx, const struct pinion_packet *pkt,
					  struct pinion_last_hop *hop)
{
	const struct ethhdr *ethernet = (void *)(long)ctx->data;

	if ((void *)(ethernet + 1) > (void *)(long)ctx->data_end)
		return 0;
	__builtin_memcpy(hop->next_hop, ethernet->h_source, ETH_ALEN);
	__builtin_memcpy(hop->source, ethernet->h_dest, ETH_ALEN);
	hop->ifindex = pinion_interface(ctx, pkt);
	return hop->ifindex && (PINION_CONSTANT(VLANS) || pkt->network == sizeof(*ethernet));
}

/* The number of where the packet came from; 0 if it has none, or came with tags of a VLAN that has
 * no device here: by which one would the reply leave? Two CPUs that meet a new hop at once may
 * number it twice: both numbers are right.
 */
PINION_GLOBAL_FUNC int pinion_learn_hop(struct xdp_md *ctx, const struct pinion_packet *pkt)
{
	struct pinion_last_hop hop = {};
	struct pinion_last_hop *place;
	__u32 *known;
	__u32 number;

	if (!pkt || !pinion_arrival(ctx, pkt, &hop))
		return 0;
	known = bpf_map_lookup_elem(&last_hop_numbers, &hop);
	if (known)
		return (__u16)*known;
	number = pinion_next_hop_number();
	place = bpf_map_lookup_elem(&last_hops, &number);
	if (!number || !place)
		return 0;
	*place = hop; /* Before anybody can find its number. */
	bpf_map_update_elem(&last_hop_numbers, &hop, &number, BPF_NOEXIST);
	return (__u16)number;
}
