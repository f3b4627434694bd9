/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a reply that passes the director (NAT, full NAT) leaves it: to the MAC address and by the
 * interface that the client's packets came from (auto last hop); or, where the service says so, by
 * the director's own routes. Those are the kernel's: what it knows the whole way of leaves here,
 * and all else (no neighbour yet, an interface that is none of ours) goes up the stack, which
 * resolves and forwards as a router does. What is too big is answered here: the stack would tell
 * the VIP.
 */
#pragma once

#include <linux/if_ether.h>

#include "balancer/bpf/abi/maps.h"
#include "balancer/bpf/forward/forwarding.h"
#include "balancer/bpf/parse/entrance.h"
#include "balancer/bpf/reply/too_big.h"

struct pinion_way_back {
	pinion_mac_word next_hop;
	pinion_mac_word source;
	__u32 ifindex; /* 0: up the stack. */
};

static __always_inline enum pinion_verdict pinion_readdress(struct xdp_md *ctx, pinion_mac_word to,
							    pinion_mac_word from)
{
	struct ethhdr *ethernet = (void *)(long)ctx->data;

	if ((void *)(ethernet + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	pinion_put_mac(ethernet->h_dest, to);
	pinion_put_mac(ethernet->h_source, from);
	return PINION_NEXT;
}

/* What fits where the reply leaves; 0: the reply does. The daemon knows the MTU of each way to a
 * real server, but not of each that clients come by: the kernel does.
 */
static __always_inline __u32 pinion_reply_room(struct xdp_md *ctx, const struct pinion_packet *pkt,
					       __u32 ifindex)
{
	__u32 mtu = pinion_leaving(pkt); /* In: what is to fit. Out: the MTU. */

	if (ifindex == pinion_interface(ctx, pkt) && !pkt->crossing)
		return 0;
	return bpf_check_mtu(ctx, ifindex, &mtu, 0, 0) == BPF_MTU_CHK_RET_FRAG_NEEDED ? mtu : 0;
}

/* Is it one of director.interfaces? */
static __always_inline int pinion_may_leave(struct xdp_md *ctx, const struct pinion_packet *pkt,
					    __u32 ifindex)
{
	const struct pinion_vlan_device *vlan;
	const struct pinion_entrance *entrance;
	struct pinion_entrance_key key = {};

	if (ifindex == pinion_interface(ctx, pkt))
		return 1;
	if (!PINION_CONSTANT(VLANS))
		return bpf_map_lookup_elem(&egress, &ifindex) != 0;
	vlan = bpf_map_lookup_elem(&vlan_devices, &ifindex);
	key.ifindex = ifindex;
	if (vlan) {
		key.ifindex = vlan->device;
		key.tags[0] = vlan->tags[0];
		key.tags[1] = vlan->tags[1];
	}
	entrance = bpf_map_lookup_elem(&entrances, &key);
	return entrance && entrance->ifindex == ifindex;
}

/* A packet from the VIP to the client has which way? Returns what fits there, if it does not; 0: it
 * does, or has no DF, and the stack puts it into fragments.
 */
PINION_GLOBAL_FUNC int pinion_route(struct xdp_md *ctx, const struct pinion_packet *pkt,
				    struct pinion_way_back *back)
{
	struct bpf_fib_lookup route = {};
	struct iphdr *ip;
	long found;

	if (!pkt || !back)
		return 0;
	route.l4_protocol = pinion_protocol(pkt);
	route.tot_len = (__u16)pinion_leaving(pkt);
	route.ifindex = pinion_interface(ctx, pkt);
	if (pkt->is_v6) {
		route.family = 10; /* AF_INET6 */
		__builtin_memcpy(route.ipv6_src, pkt->address, 16);
		__builtin_memcpy(route.ipv6_dst, pkt->flow6.daddr, 16);
	} else {
		route.family = 2; /* AF_INET */
		route.ipv4_src = pkt->address[0];
		route.ipv4_dst = pkt->flow4.daddr;
	}
	found = bpf_fib_lookup(ctx, &route, sizeof(route), 0);
	if (found == BPF_FIB_LKUP_RET_FRAG_NEEDED) {
		ip = (void *)(long)ctx->data + (pkt->network & 0x3fff);
		if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
			return 0;
		return pkt->is_v6 || ip->frag_off & bpf_htons(0x4000) ? route.mtu_result : 0;
	}
	if (found != BPF_FIB_LKUP_RET_SUCCESS || !pinion_may_leave(ctx, pkt, route.ifindex))
		return 0;
	__builtin_memcpy(&back->next_hop, route.dmac, ETH_ALEN);
	__builtin_memcpy(&back->source, route.smac, ETH_ALEN);
	back->ifindex = route.ifindex;
	return 0;
}

static __always_inline enum pinion_verdict pinion_last_hop_back(struct xdp_md *ctx,
								const struct pinion_packet *pkt,
								struct pinion_way_back *back)
{
	__u32 number = pkt->last_hop;
	const struct pinion_last_hop *hop = bpf_map_lookup_elem(&last_hops, &number);
	__u32 room;

	if (!hop || !number)
		return PINION_DROP_NO_NEIGHBOUR;
	room = pinion_reply_room(ctx, pkt, hop->ifindex);
	if (room)
		return (enum pinion_verdict)pinion_too_big(ctx, pkt, room);
	back->next_hop = pinion_load_mac(hop->next_hop);
	back->source = pinion_load_mac(hop->source);
	back->ifindex = hop->ifindex;
	return PINION_NEXT;
}

/* Before anything is changed in the packet, which may be answered instead. */
static __always_inline enum pinion_verdict pinion_find_way_back(struct xdp_md *ctx,
								const struct pinion_forwarding *way,
								struct pinion_way_back *back)
{
	int room;

	if (!PINION_CONSTANT(ROUTED) || !(pinion_mac_flags(way->hop) & PINION_SERVER_ROUTED))
		return pinion_last_hop_back(ctx, way->pkt, back);
	room = pinion_route(ctx, way->pkt, back);
	return room > 0 ? (enum pinion_verdict)pinion_too_big(ctx, way->pkt, (__u32)room)
			: PINION_NEXT;
}

/* Afterwards. */
static __always_inline enum pinion_verdict pinion_go_back(struct xdp_md *ctx,
							  struct pinion_forwarding *way,
							  const struct pinion_way_back *back)
{
	way->pkt->egress = back->ifindex;
	return back->ifindex ? pinion_readdress(ctx, back->next_hop, back->source) : PINION_NEXT;
}
