/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An IP header that the director makes itself, of either family: the outer one of a tunnel, that of
 * an ICMP error, and what a packet gets that crosses. And the frame's own header in front of it.
 *
 * IPv4 has DF set: what does not fit is told to the client beforehand, and a receiver never has to
 * put fragments together (RFC 4459, 3.1). So the datagram is atomic, and its identification says
 * nothing (RFC 6864, 4.1). DSCP and ECN are the inner packet's (RFC 6040, normal mode).
 */
#pragma once

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>

#include "balancer/bpf/abi/abi.h"
#include "balancer/bpf/lib/checksum.h"
#include "balancer/bpf/lib/hash.h"
#include "balancer/bpf/parse/packet.h"

#define PINION_OUTER_TTL 64 /* Of what the director sends as a host. */

struct pinion_outer {
	__be32 from[4]; /* IPv4 as ::ffff:a.b.c.d. */
	__be32 to[4];
	__u32 hash;    /* The flow's. */
	__u16 bytes;   /* Of what follows the header. */
	__u8 protocol; /* And what that is. */
	__u8 traffic_class;
	__u8 hops; /* TTL, or hop limit. */
	__u8 is_v6;
};

static __always_inline __u32 pinion_outer_size(const struct pinion_outer *outer)
{
	return outer->is_v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
}

/* The host's number in the prefix that flows come from. Never the first or the last, which are no
 * host's where there are more than two.
 */
static __always_inline __u32 pinion_source_host(__u32 hash, __u32 bits)
{
	if (bits < 2)
		return hash & bits;
	return 1 + pinion_spread(hash, (1u << (bits & 31)) - 2);
}

/* Both ends of the tunnel. False: the director has no address of the real server's family. */
static __always_inline int pinion_outer_ends(const struct pinion_real_server *server, __u32 hash,
					     struct pinion_outer *outer)
{
	__builtin_memcpy(outer->from, server->tunnel_source, sizeof(outer->from));
	__builtin_memcpy(outer->to, server->address, sizeof(outer->to));
	outer->hash = hash;
	outer->hops = PINION_OUTER_TTL;
	outer->is_v6 = !pinion_is_ipv4(outer->to);
	if (!(outer->from[0] | outer->from[1] | outer->from[3]))
		return 0;
	outer->from[3] |= bpf_htonl(pinion_source_host(hash, server->source_bits));
	return 1;
}

/* By words: version, length; identification 0, DF; TTL, protocol; addresses. */
static __always_inline void pinion_put_outer4(struct iphdr *ip, const struct pinion_outer *outer)
{
	__be32 *word = (__be32 *)ip;
	__be32 first = bpf_htonl(0x45u << 24 | (__u32)outer->traffic_class << 16 |
				 (__u16)(sizeof(*ip) + outer->bytes));
	__be32 second = bpf_htonl(0x4000);
	__be32 third = bpf_htonl((__u32)outer->hops << 24 | (__u32)outer->protocol << 16);

	word[0] = first;
	word[1] = second;
	word[2] = third;
	word[3] = outer->from[3];
	word[4] = outer->to[3];
	ip->check = (__u16)~pinion_sum_fold((__u64)first + second + third + outer->from[3] +
					    outer->to[3]);
}

/* The flow label tells flows apart for whoever spreads them (RFC 6438). */
static __always_inline void pinion_put_outer6(struct ipv6hdr *ip, const struct pinion_outer *outer)
{
	*(__be32 *)ip =
		bpf_htonl(6u << 28 | (__u32)outer->traffic_class << 20 | (outer->hash & 0xfffff));
	ip->payload_len = bpf_htons(outer->bytes);
	ip->nexthdr = outer->protocol;
	ip->hop_limit = outer->hops;
	__builtin_memcpy(&ip->saddr, outer->from, 16);
	__builtin_memcpy(&ip->daddr, outer->to, 16);
}

/* The frame has become `grown` bytes longer at its front: moves the VLAN tags there, and says what
 * follows them. The MAC addresses are left to the caller. False: there is no such frame.
 */
static __always_inline int pinion_move_tags(struct xdp_md *ctx, const struct pinion_packet *pkt,
					    __u32 grown, __be16 protocol)
{
	__u16 *to = (void *)(long)ctx->data;
	const __u16 *from = (void *)to + (grown & 63);
	void *end = (void *)(long)ctx->data_end;

	if ((void *)(from + 11) > end || (void *)(to + 11) > end)
		return 0;
	if (pkt->network == sizeof(struct ethhdr)) {
		to[6] = protocol;
		return 1;
	}
	for (int i = 6; i < 11; i++) /* In this order: the old and the new may overlap. */
		to[i] = from[i];
	to[pkt->network == 22 ? 10 : 8] = protocol;
	return 1;
}
