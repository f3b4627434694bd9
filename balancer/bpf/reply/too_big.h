/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The answer to a packet that does not fit: ICMP's "fragmentation needed" (RFC 1191) or ICMPv6's
 * "packet too big" (RFC 8201), to whoever sent the packet, back to where it came from. It is from
 * the address that the packet was for: from the VIP to a client, from the client to a real server
 * (NAT), which may have the VIP itself, for direct routing, and takes nothing from itself.
 * The answer quotes as much of the packet as it may, and always that much, so that the verifier
 * knows it: a packet that is smaller is below what any path must carry, and no answer would help.
 *
 * Answers are rationed on each CPU: a sender needs one in ten minutes, but a flood would get one
 * each.
 */
#pragma once

#include "balancer/bpf/conntrack/connect.h"
#include "balancer/bpf/conntrack/icmp.h"
#include "balancer/bpf/forward/forwarding.h"
#include "balancer/bpf/nat64/crossing.h"
#include "balancer/bpf/parse/entrance.h"
#include "balancer/bpf/rewrite/outer.h"

#define PINION_QUOTE4 548  /* 576 bytes in all (RFC 1812, 4.3.2.3). */
#define PINION_QUOTE6 1232 /* 1,280 in all (RFC 4443, 2.4). */

#define PINION_REPLY_EVERY 1000000ull /* ns */
#define PINION_REPLY_BURST 100

/* Does it leave by another interface, where it does not fit? Where it came in it did. */
static __always_inline int pinion_outgrows(const struct xdp_md *ctx,
					   const struct pinion_forwarding *way)
{
	return way->pkt->bytes > way->server->mtu &&
	       way->server->ifindex != pinion_interface(ctx, way->pkt);
}

static __always_inline int pinion_may_reply(void)
{
	const __u32 first = 0;
	struct pinion_replies *pace = bpf_map_lookup_elem(&replies, &first);
	__u64 now = bpf_ktime_get_coarse_ns();
	__u64 saved = now - PINION_REPLY_BURST * PINION_REPLY_EVERY;
	__u64 due;

	if (!pace)
		return 0;
	due = pace->due > saved ? pace->due : saved;
	if (due > now)
		return 0;
	pace->due = due + PINION_REPLY_EVERY;
	return 1;
}

/* IPv4's. */
static __always_inline __be32 pinion_sender4(const struct pinion_packet *pkt)
{
	return pkt->is_v6 ? pkt->flow6.saddr[3] : pkt->flow4.saddr;
}

/* Nobody is told of an ICMP error, or of what did not come from a host (RFC 1122, 3.2.2), or may be
 * put into fragments: which, of what becomes IPv6, nobody does.
 */
static __always_inline int pinion_wants_reply(const struct pinion_packet *pkt, void *at, void *end)
{
	struct iphdr *ip = at;
	__u32 from;

	if ((void *)(ip + 1) > end || pkt->quoted)
		return 0;
	if (!pinion_lies_v4(pkt))
		return pkt->bytes >= PINION_QUOTE6 && *(const __u8 *)pkt->flow6.saddr != 0xff &&
		       (pkt->flow6.saddr[0] | pkt->flow6.saddr[1]);
	from = bpf_ntohl(pinion_sender4(pkt)) >> 24;
	return pkt->bytes >= PINION_QUOTE4 && from != 0 && from != 127 && from < 224 &&
	       (pkt->crossing || ip->frag_off & bpf_htons(0x4000));
}

/* Whom the packet was for, IPv4 in the last word: of full NAT's reply, a local address. */
static __always_inline void pinion_sent_to(const struct pinion_packet *pkt, __be32 *address)
{
	const __be32 *local = 0;

	if (PINION_CONSTANT(FULLNAT) && pkt->is_reply && pkt->local)
		local = pinion_local_address(pkt->local);
	if (local)
		__builtin_memcpy(address, local, 16);
	else if (pkt->is_v6)
		__builtin_memcpy(address, pkt->flow6.daddr, 16);
	else
		address[3] = pkt->flow4.daddr;
}

/* The checksum of the ICMP message, in which `seed` is what is not quoted; negative: there is less
 * to quote. No call takes more than 512 bytes.
 */
static __always_inline __s64 pinion_icmp_sum4(void *at, void *end, __u32 seed)
{
	__s64 sum;

	if (at + PINION_QUOTE4 > end)
		return -1;
	sum = bpf_csum_diff(0, 0, at, 512, seed);
	return bpf_csum_diff(0, 0, at + 512, PINION_QUOTE4 - 512, (__u32)sum);
}

static __always_inline __s64 pinion_icmp_sum6(const struct pinion_packet *pkt, void *at, void *end,
					      __u32 seed)
{
	__s64 sum;

	if (at + PINION_QUOTE6 > end)
		return -1;
	__be32 from[4];

	pinion_sent_to(pkt, from);
	sum = bpf_csum_diff(0, 0, from, sizeof(from), seed);
	sum = bpf_csum_diff(0, 0, (void *)pkt->flow6.saddr, 16, (__u32)sum);
	sum = bpf_csum_diff(0, 0, at, 512, (__u32)sum);
	sum = bpf_csum_diff(0, 0, at + 512, 512, (__u32)sum);
	return bpf_csum_diff(0, 0, at + 1024, PINION_QUOTE6 - 1024, (__u32)sum);
}

/* The ICMP header, with its checksum. False: there is less to quote. */
static __always_inline int pinion_icmp_of(struct xdp_md *ctx, const struct pinion_packet *pkt,
					  __u32 mtu, struct pinion_icmp *icmp)
{
	void *at = (void *)(long)ctx->data + (pkt->network & 31);
	void *end = (void *)(long)ctx->data_end;
	__s64 sum;

	icmp->rest = bpf_htonl(mtu);
	icmp->check = 0;
	if (!pinion_lies_v4(pkt)) {
		icmp->type = 2;
		icmp->code = 0;
		sum = bpf_htonl(8 + PINION_QUOTE6) + (__u64)bpf_htonl(IPPROTO_ICMPV6);
		sum = pinion_icmp_sum6(pkt, at, end, pinion_sum_fold((__u64)sum));
	} else {
		icmp->type = 3;
		icmp->code = 4;
		sum = pinion_icmp_sum4(at, end, 0);
	}
	if (sum < 0)
		return 0;
	icmp->check = (__u16)~pinion_sum_fold((__u64)sum + *(__u32 *)icmp + icmp->rest);
	return 1;
}

/* Cuts the frame to what is quoted, makes `grown` bytes of room in front of it, and turns its own
 * header round, VLAN tags and all.
 */
static __always_inline int pinion_turn_round(struct xdp_md *ctx, const struct pinion_packet *pkt,
					     __u32 quoted, __u32 grown)
{
	__u32 excess = (__u32)bpf_xdp_get_buff_len(ctx) - (pkt->network & 31) - quoted;
	__u16 *to;
	const __u16 *from;

	if (bpf_xdp_adjust_tail(ctx, -(int)excess) || bpf_xdp_adjust_head(ctx, -(int)grown))
		return 0;
	to = (void *)(long)ctx->data;
	from = (void *)to + grown;
	if ((void *)(from + 11) > (void *)(long)ctx->data_end)
		return 0;
	for (int i = 0; i < 3; i++) {
		to[i] = from[3 + i];
		to[3 + i] = from[i];
	}
	for (int i = 6; i < 11; i++)
		to[i] = from[i];
	return 1;
}

static __always_inline enum pinion_verdict
pinion_answer4(struct xdp_md *ctx, const struct pinion_packet *pkt, const struct pinion_icmp *icmp)
{
	struct pinion_outer outer = {
		.to = {0, 0, 0, pinion_sender4(pkt)},
		.bytes = sizeof(*icmp) + PINION_QUOTE4,
		.protocol = IPPROTO_ICMP,
		.hops = PINION_OUTER_TTL,
		.traffic_class = 0xc0, /* Internetwork control (RFC 1812, 4.3.2.5). */
	};
	struct iphdr *ip;

	pinion_sent_to(pkt, outer.from);
	if (!pinion_turn_round(ctx, pkt, PINION_QUOTE4, sizeof(*ip) + sizeof(*icmp)))
		return PINION_DROP_NO_ROOM;
	ip = (void *)(long)ctx->data + (pkt->network & 31);
	if ((void *)(ip + 1) + sizeof(*icmp) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	pinion_put_outer4(ip, &outer);
	*(struct pinion_icmp *)(ip + 1) = *icmp;
	return PINION_REPLY_TOO_BIG;
}

static __always_inline enum pinion_verdict
pinion_answer6(struct xdp_md *ctx, const struct pinion_packet *pkt, const struct pinion_icmp *icmp)
{
	struct pinion_outer outer = {
		.bytes = sizeof(*icmp) + PINION_QUOTE6,
		.protocol = IPPROTO_ICMPV6,
		.hops = PINION_OUTER_TTL,
	};
	struct ipv6hdr *ip;

	pinion_sent_to(pkt, outer.from);
	__builtin_memcpy(outer.to, pkt->flow6.saddr, sizeof(outer.to));
	if (!pinion_turn_round(ctx, pkt, PINION_QUOTE6, sizeof(*ip) + sizeof(*icmp)))
		return PINION_DROP_NO_ROOM;
	ip = (void *)(long)ctx->data + (pkt->network & 31);
	if ((void *)(ip + 1) + sizeof(*icmp) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	pinion_put_outer6(ip, &outer);
	*(struct pinion_icmp *)(ip + 1) = *icmp;
	return PINION_REPLY_TOO_BIG;
}

/* `mtu` is what would fit, as the packet leaves. */
PINION_GLOBAL_FUNC int pinion_too_big(struct xdp_md *ctx, const struct pinion_packet *pkt,
				      __u32 mtu)
{
	struct pinion_icmp icmp;

	if (!pkt)
		return PINION_DROP_INTERNAL;
	if (!pinion_wants_reply(pkt, (void *)(long)ctx->data + (pkt->network & 31),
				(void *)(long)ctx->data_end))
		return PINION_DROP_TOO_BIG;
	if (!pinion_may_reply())
		return PINION_DROP_REPLY_LIMIT;
	if (!pinion_icmp_of(ctx, pkt, pinion_before_crossing(pkt, mtu), &icmp))
		return PINION_DROP_TOO_BIG;
	return pinion_lies_v4(pkt) ? pinion_answer4(ctx, pkt, &icmp)
				   : pinion_answer6(ctx, pkt, &icmp);
}
