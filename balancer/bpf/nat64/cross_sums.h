/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Before a packet crosses: checksums over all of it, where no difference will do. A datagram that
 * has none gets one, since IPv6 has no datagrams without (RFC 7915, 4.5); and since an ICMP error
 * is made anew, which gives it a checksum that holds, the one that came must have held.
 */
#pragma once

#include "balancer/bpf/nat64/crossing.h"
#include "balancer/bpf/rewrite/insert.h"

#define PINION_SUMMED_BYTES 512 /* By one call; a power of two. */
#define PINION_SUMMED_PARTS 20	/* More than any frame has. */

/* The sum of 1 to 512 bytes of the frame from `at` on, and of `sum`, folded; negative: they are not
 * all there.
 */
PINION_GLOBAL_FUNC int pinion_sum_part(struct xdp_md *ctx, __u32 at, __u32 size, __u32 sum)
{
	struct pinion_scratch *scratch = pinion_scratch();

	if (!scratch)
		return -1;
	size = pinion_bound(size, PINION_SUMMED_BYTES);
	((__u32 *)scratch->headers)[((size - 1) & (PINION_SUMMED_BYTES - 1)) / 4] = 0;
	if (bpf_xdp_load_bytes(ctx, at, scratch->headers, size))
		return -1;
	return pinion_sum_fold((__u32)bpf_csum_diff(0, 0, (__be32 *)scratch->headers,
						    ((size - 1) & (PINION_SUMMED_BYTES - 4)) + 4,
						    sum));
}

/* The same of `left` bytes. */
PINION_GLOBAL_FUNC int pinion_sum_frame(struct xdp_md *ctx, __u32 at, __u32 left, __u32 sum)
{
	int folded = (int)sum;

#pragma clang loop unroll(disable)
	for (int i = 0; i < PINION_SUMMED_PARTS && left && folded >= 0; i++) {
		__u32 size = left < PINION_SUMMED_BYTES ? left : PINION_SUMMED_BYTES;

		folded = pinion_sum_part(ctx, at, size, (__u32)folded);
		at += size;
		left -= size;
	}
	return left ? -1 : folded;
}

/* An IPv4 server's datagram. */
static __always_inline int pinion_give_checksum(struct xdp_md *ctx, const struct pinion_packet *pkt)
{
	struct udphdr *udp = (void *)(long)ctx->data + (pkt->transport & 0x3fff);
	struct iphdr *ip = (void *)(long)ctx->data + (pkt->network & 31);
	__u32 seed;
	int sum;

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end ||
	    (void *)(udp + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	if (udp->check)
		return PINION_NEXT;
	if (pkt->fragment) /* The rest of it is elsewhere. */
		return PINION_DROP_UNTRANSLATABLE;
	seed = pinion_sum_fold((__u64)ip->saddr + ip->daddr + udp->len + bpf_htons(IPPROTO_UDP));
	sum = pinion_sum_frame(ctx, pkt->transport & 0x3fff, bpf_ntohs(udp->len), seed);
	if (sum < 0)
		return PINION_DROP_UNTRANSLATABLE;
	udp->check = (__u16)~sum;
	if (!udp->check)
		udp->check = 0xffff;
	return PINION_NEXT;
}

/* PINION_NEXT: the error's checksum holds. */
static __always_inline int pinion_verify_error(struct xdp_md *ctx, const struct pinion_packet *pkt)
{
	struct ipv6hdr *ip = (void *)(long)ctx->data + (pkt->network & 31);
	__u32 length = pkt->bytes - (pkt->transport - pkt->network);
	__u64 seed = 0;

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return PINION_PASS_MALFORMED;
	if (!pinion_lies_v4(pkt)) {
		seed = bpf_htonl(length) + (__u64)bpf_htonl(IPPROTO_ICMPV6);
		for (int i = 0; i < 8; i++)
			seed += ip->saddr.in6_u.u6_addr32[i];
	}
	if (pinion_sum_frame(ctx, pkt->transport & 0x3fff, length, pinion_sum_fold(seed)) != 0xffff)
		return PINION_PASS_MALFORMED;
	return PINION_NEXT;
}

/* PINION_NEXT: it can cross. */
PINION_GLOBAL_FUNC int pinion_prepare_crossing(struct xdp_md *ctx, const struct pinion_packet *pkt)
{
	if (!pkt)
		return PINION_DROP_INTERNAL;
	if (pkt->quoted)
		return pinion_verify_error(ctx, pkt);
	if (!pkt->is_reply || pinion_follows(pkt) || pkt->flow6.protocol != IPPROTO_UDP)
		return PINION_NEXT;
	return pinion_give_checksum(ctx, pkt);
}
