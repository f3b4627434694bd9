/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The IP header of what crosses becomes one of the other family (RFC 7915), its ends become full
 * NAT's, and what it carries stays as it is, but for the checksum.
 *
 * - IPv4's options and IPv6's extension headers are lost, as there (4.1, 5.1), but for the fragment
 *   header: a fragment stays one.
 * - To IPv4, DF is set where the packet has more than 1,260 bytes (5.1): what is smaller has no
 *   sender who could make it smaller still.
 * - A datagram without a checksum, which IPv6 does not have, gets one first (cross_sums.h).
 */
#pragma once

#include "balancer/bpf/conntrack/fragment.h"
#include "balancer/bpf/nat64/crossing.h"
#include "balancer/bpf/rewrite/ends.h"
#include "balancer/bpf/rewrite/outer.h"
#include "balancer/bpf/rewrite/translation.h"

#define PINION_MAC_HEADER  11	/* Words of 16 bits: addresses, two tags, and what follows. */
#define PINION_SMALLEST_DF 1260 /* Bytes of an IPv4 packet. */

/* Of the old header, what the new one gets. */
struct pinion_carried {
	__u64 change; /* What the addresses add to the checksum of TCP or UDP. */
	__u8 traffic_class;
	__u8 hops;
};

static __always_inline enum pinion_verdict pinion_carry_from6(struct xdp_md *ctx,
							      const struct pinion_packet *pkt,
							      const struct pinion_ends *ends,
							      struct pinion_carried *carried)
{
	struct ipv6hdr *ip = (void *)(long)ctx->data + (pkt->network & 31);
	const __be32 *addresses = ip->saddr.in6_u.u6_addr32; /* Both. */

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	if (ip->hop_limit <= 1)
		return PINION_DROP_TTL;
	carried->hops = ip->hop_limit - 1;
	carried->traffic_class = (__u8)(bpf_ntohl(*(const __be32 *)ip) >> 20);
	carried->change = (__u64)ends->saddr[3] + ends->daddr[3];
	for (int i = 0; i < 8; i++)
		carried->change += (__u32)~addresses[i];
	return PINION_NEXT;
}

static __always_inline enum pinion_verdict pinion_carry_from4(struct xdp_md *ctx,
							      const struct pinion_packet *pkt,
							      const struct pinion_ends *ends,
							      struct pinion_carried *carried)
{
	struct iphdr *ip = (void *)(long)ctx->data + (pkt->network & 31);

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	if (ip->ttl <= 1)
		return PINION_DROP_TTL;
	carried->hops = ip->ttl - 1;
	carried->traffic_class = ip->tos;
	carried->change = (__u64)(__u32)~ip->saddr + (__u32)~ip->daddr;
	for (int i = 0; i < 4; i++)
		carried->change += (__u64)ends->saddr[i] + ends->daddr[i];
	return PINION_NEXT;
}

PINION_GLOBAL_FUNC int pinion_carry(struct xdp_md *ctx, const struct pinion_packet *pkt,
				    const struct pinion_ends *ends, struct pinion_carried *carried)
{
	if (!pkt || !ends || !carried)
		return PINION_DROP_INTERNAL;
	return pkt->is_reply ? pinion_carry_from4(ctx, pkt, ends, carried)
			     : pinion_carry_from6(ctx, pkt, ends, carried);
}

/* The frame grows or shrinks at its front, and its own header moves there. */
PINION_GLOBAL_FUNC int pinion_stretch_frame(struct xdp_md *ctx, const struct pinion_packet *pkt,
					    int by, __u32 protocol)
{
	__u16 *frame = (void *)(long)ctx->data;
	__u16 saved[PINION_MAC_HEADER];

	if (!pkt || (void *)(frame + PINION_MAC_HEADER) > (void *)(long)ctx->data_end)
		return 0;
	for (int i = 0; i < PINION_MAC_HEADER; i++)
		saved[i] = frame[i];
	if (bpf_xdp_adjust_head(ctx, -by))
		return 0;
	frame = (void *)(long)ctx->data;
	if ((void *)(frame + PINION_MAC_HEADER) > (void *)(long)ctx->data_end)
		return 0;
	for (int i = 0; i < PINION_MAC_HEADER; i++) /* Without tags, more than there is. */
		frame[i] = saved[i];
	frame[pkt->network == 22 ? 10 : pkt->network == 18 ? 8 : 6] = (__be16)protocol;
	return 1;
}

static __always_inline enum pinion_verdict pinion_put_crossed4(struct xdp_md *ctx,
							       const struct pinion_packet *pkt,
							       const struct pinion_ends *ends,
							       const struct pinion_carried *carried)
{
	struct pinion_outer header = {
		.from = {0, 0, 0, ends->saddr[3]},
		.to = {0, 0, 0, ends->daddr[3]},
		.bytes = (__u16)(pinion_leaving(pkt) - sizeof(struct iphdr)),
		.protocol = pkt->flow6.protocol,
		.traffic_class = carried->traffic_class,
		.hops = carried->hops,
	};
	__be16 id = pkt->fragment ? pkt->new_id : (__be16)bpf_get_prandom_u32();
	struct iphdr *ip = (void *)(long)ctx->data + (pkt->network & 31);

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	pinion_put_outer4(ip, &header);
	if (!pkt->fragment && pinion_leaving(pkt) > PINION_SMALLEST_DF)
		return PINION_NEXT;
	ip->check = pinion_sum_update(ip->check,
				      pinion_sum_change(ip->id, id) +
					      pinion_sum_change(ip->frag_off, pkt->fragment));
	ip->id = id;
	ip->frag_off = pkt->fragment;
	return PINION_NEXT;
}

static __always_inline enum pinion_verdict pinion_put_crossed6(struct xdp_md *ctx,
							       const struct pinion_packet *pkt,
							       const struct pinion_ends *ends,
							       const struct pinion_carried *carried)
{
	struct pinion_outer header = {
		.hash = pkt->hash,
		.bytes = (__u16)(pinion_leaving(pkt) - sizeof(struct ipv6hdr)),
		.protocol = pkt->fragment ? IPPROTO_FRAGMENT : pkt->flow6.protocol,
		.traffic_class = carried->traffic_class,
		.hops = carried->hops,
	};
	struct ipv6hdr *ip = (void *)(long)ctx->data + (pkt->network & 31);
	struct pinion_fragment_header *part = (void *)(ip + 1);
	__u16 place = bpf_ntohs(pkt->fragment);

	/* What follows is as long, at least. */
	if ((void *)(part + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	__builtin_memcpy(header.from, ends->saddr, 16);
	__builtin_memcpy(header.to, ends->daddr, 16);
	pinion_put_outer6(ip, &header);
	if (pkt->fragment) {
		part->next_header = pkt->flow6.protocol;
		part->reserved = 0;
		part->offset = bpf_htons((__u16)(place << 3 | place >> 13));
		/* The half that IPv4 has no room for tells connections apart. */
		part->id = bpf_htonl(pkt->hash << 16 | bpf_ntohs(pkt->new_id));
	}
	return PINION_NEXT;
}

/* Ports, and the checksum. */
PINION_GLOBAL_FUNC int pinion_cross_transport(struct xdp_md *ctx, const struct pinion_packet *pkt,
					      const struct pinion_ends *ends, __u64 change)
{
	void *end = (void *)(long)ctx->data_end;
	__sum16 *checksum;
	__be16 *ports;

	if (!pkt || !ends)
		return PINION_DROP_INTERNAL;
	ports = (void *)(long)ctx->data + (pkt->transport & 0x3fff);
	if (pkt->flow6.protocol == IPPROTO_TCP) {
		if ((void *)ports + sizeof(struct tcphdr) > end)
			return PINION_DROP_INTERNAL;
		checksum = &((struct tcphdr *)ports)->check;
	} else {
		if ((void *)ports + sizeof(struct udphdr) > end)
			return PINION_DROP_INTERNAL;
		checksum = &((struct udphdr *)ports)->check;
	}
	change +=
		pinion_sum_change(ports[0], ends->sport) + pinion_sum_change(ports[1], ends->dport);
	ports[0] = ends->sport;
	ports[1] = ends->dport;
	pinion_update_transport(checksum, pkt->flow6.protocol, change);
	return PINION_NEXT;
}

/* PINION_NEXT: the packet is of the other family now. */
PINION_GLOBAL_FUNC int pinion_cross(struct xdp_md *ctx, struct pinion_packet *pkt)
{
	struct pinion_carried carried = {};
	struct pinion_ends ends = {};
	int failed;

	if (!pkt || !pinion_new_ends(pkt, &ends))
		return PINION_DROP_INTERNAL;
	failed = pinion_carry(ctx, pkt, &ends, &carried);
	if (!failed && !pinion_follows(pkt))
		failed = pinion_cross_transport(ctx, pkt, &ends, carried.change);
	if (failed)
		return failed;
	if (!pinion_stretch_frame(ctx, pkt, pkt->stretch,
				  bpf_htons(pkt->is_reply ? ETH_P_IPV6 : ETH_P_IP)))
		return PINION_DROP_NO_ROOM;
	failed = pkt->is_reply ? pinion_put_crossed6(ctx, pkt, &ends, &carried)
			       : pinion_put_crossed4(ctx, pkt, &ends, &carried);
	pkt->bytes = pinion_leaving(pkt);
	pkt->transport = (__u16)(pkt->transport + pkt->stretch);
	pkt->crossing = PINION_CROSSED;
	return failed;
}
