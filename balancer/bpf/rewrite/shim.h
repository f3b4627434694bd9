/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What stands between the outer IP header and the packet: nothing, GRE (RFC 2784, without key or
 * checksum), or UDP and GUE (draft-ietf-intarea-gue, version 0, without options), as ipvsadm's
 * --tun-type and Linux's fou have them.
 *
 * GUE's UDP checksum costs no look at the payload: what carries a right checksum of its own sums up
 * to what its pseudo-header lacks (the kernel calls it local checksum offload). If that one is
 * wrong the outer one is, too, and the packet is lost in the tunnel rather than behind it. A packet
 * that does not tell (UDP without a checksum, SCTP, which has another one, headers between IPv6 and
 * its payload) has none outside, which tunnels may do over IPv6, too (RFC 6935).
 */
#pragma once

#include <linux/udp.h>

#include "balancer/bpf/rewrite/outer.h"

struct pinion_gre {
	__be16 flags;
	__be16 protocol; /* EtherType */
};

struct pinion_gue {
	__u8 version_and_length;
	__u8 protocol;
	__be16 flags;
};

struct pinion_shim {
	__u8 tunnel;   /* enum pinion_tunnel */
	__u8 inner;    /* IPPROTO_IPIP or IPPROTO_IPV6. */
	__u8 summed;   /* `sum` is known. */
	__u8 checksum; /* It is wanted. */
	__u16 sum;     /* Of the whole packet inside. */
	__be16 port;
};

static __always_inline __u32 pinion_shim_size(__u8 tunnel)
{
	if (tunnel == PINION_TUNNEL_GUE)
		return sizeof(struct udphdr) + sizeof(struct pinion_gue);
	return tunnel == PINION_TUNNEL_GRE ? sizeof(struct pinion_gre) : 0;
}

static __always_inline __u8 pinion_shim_protocol(const struct pinion_shim *shim)
{
	if (shim->tunnel == PINION_TUNNEL_GUE)
		return IPPROTO_UDP;
	return shim->tunnel == PINION_TUNNEL_GRE ? IPPROTO_GRE : shim->inner;
}

/* Has what the packet carries an Internet checksum that is not 0? */
static __always_inline int pinion_has_checksum(struct xdp_md *ctx, const struct pinion_packet *pkt)
{
	struct udphdr *udp = (void *)(long)ctx->data + (pkt->transport & 0x3fff);

	if (pkt->fragment) /* That of all fragments together. */
		return 0;
	if (pkt->quoted || pinion_protocol(pkt) == IPPROTO_TCP)
		return 1;
	if (pinion_protocol(pkt) == IPPROTO_SCTP)
		return 0;
	return (void *)(udp + 1) <= (void *)(long)ctx->data_end && udp->check != 0;
}

/* The packet has given up its hop. An IPv4 header sums up to 0, and so does ICMP, which has no
 * pseudo-header there; an IPv6 header to what it has beyond the pseudo-header.
 */
static __always_inline void pinion_sum_inner(struct xdp_md *ctx, const struct pinion_packet *pkt,
					     struct pinion_shim *shim)
{
	__u32 headers = pkt->transport - pkt->network;
	struct ipv6hdr *ip = (void *)(long)ctx->data + (pkt->network & 31);

	if (!pinion_has_checksum(ctx, pkt))
		return;
	if (!pkt->is_v6 && pkt->quoted) {
		shim->sum = 0;
		shim->summed = 1;
	} else if (!pkt->is_v6) {
		shim->sum = (__u16)~pinion_sum_fold((__u64)pkt->flow4.saddr + pkt->flow4.daddr +
						    bpf_htons(pkt->flow4.protocol) +
						    bpf_htons((__u16)(pkt->bytes - headers)));
		shim->summed = 1;
	} else if (headers == sizeof(*ip) && (void *)(ip + 1) <= (void *)(long)ctx->data_end) {
		shim->sum = pinion_sum_fold((__u64)((__be32 *)ip)[0] + ((__be16 *)ip)[3] +
					    (__u16)~bpf_htons(ip->nexthdr));
		shim->summed = 1;
	}
}

static __always_inline void pinion_put_gre(struct pinion_gre *gre, const struct pinion_shim *shim)
{
	gre->flags = 0;
	gre->protocol = bpf_htons(shim->inner == IPPROTO_IPV6 ? ETH_P_IPV6 : ETH_P_IP);
}

/* The source port tells flows apart (RFC 6335's dynamic ports). */
static __always_inline void pinion_put_gue(struct udphdr *udp, const struct pinion_shim *shim,
					   const struct pinion_outer *outer)
{
	struct pinion_gue *gue = (void *)(udp + 1);
	__u64 sum;

	udp->source = bpf_htons((__u16)(0xc000 | (outer->hash & 0x3fff)));
	udp->dest = shim->port;
	udp->len = bpf_htons(outer->bytes);
	udp->check = 0;
	gue->version_and_length = 0;
	gue->protocol = shim->inner;
	gue->flags = 0;
	if (!shim->summed || !(shim->checksum || outer->is_v6))
		return;
	sum = (__u64)outer->from[3] + outer->to[3] + shim->sum + bpf_htons(IPPROTO_UDP) +
	      bpf_htons(shim->inner) + udp->source + udp->dest + 2u * udp->len;
	if (outer->is_v6)
		sum += (__u64)outer->from[0] + outer->from[1] + outer->from[2] + outer->to[0] +
		       outer->to[1] + outer->to[2];
	udp->check = (__u16)~pinion_sum_fold(sum);
	if (!udp->check)
		udp->check = 0xffff;
}
