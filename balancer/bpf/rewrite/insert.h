/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bytes that are put into a TCP packet: the headers before them move forward, into the room that
 * drivers leave in front of each frame, and the lengths and checksums follow. What comes behind
 * them, which is most, stays where it is.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "balancer/bpf/conntrack/tables.h"
#include "balancer/bpf/lib/checksum.h"

/* A length from 1 to `most`, which is a power of two, as Linux 6.1's verifier knows it to be one:
 * by a mask, and not by a comparison, which it forgets.
 */
static __always_inline __u32 pinion_bound(__u32 length, __u32 most)
{
	length--;
	PINION_OPAQUE(length);
	return (length & (most - 1)) + 1;
}

/* What the first `size` bytes of `insert` add to a checksum. */
static __always_inline __u64 pinion_sum_insert(const struct pinion_scratch *scratch, __u32 size)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < 16; i++)
		sum += i * 4 < size ? scratch->insert[i] : 0;
	return sum;
}

/* `change` is what else adds to the checksum of TCP. */
static __always_inline enum pinion_verdict
pinion_lengthen(struct xdp_md *ctx, const struct pinion_packet *pkt, __u32 size, __u64 change)
{
	void *at = (void *)(long)ctx->data + (pkt->network & 31);
	struct tcphdr *tcp = (void *)(long)ctx->data + (pkt->transport & 0x3fff);
	void *end = (void *)(long)ctx->data_end;
	__be16 before;

	if (at + sizeof(struct ipv6hdr) > end || (void *)(tcp + 1) > end)
		return PINION_DROP_INTERNAL;
	if (!pinion_lies_v4(pkt)) {
		struct ipv6hdr *ip = at;

		ip->payload_len = bpf_htons((__u16)(bpf_ntohs(ip->payload_len) + size));
	} else {
		struct iphdr *ip = at;

		before = ip->tot_len;
		ip->tot_len = bpf_htons((__u16)(bpf_ntohs(before) + size));
		ip->check = pinion_sum_update(ip->check, pinion_sum_change(before, ip->tot_len));
	}
	/* The length is in the pseudo-header. */
	tcp->check = pinion_sum_update(tcp->check, change + bpf_htons((__u16)size));
	return PINION_NEXT;
}

/* Puts the first `size` bytes of `insert` behind the first `at` bytes of the frame. */
static __always_inline enum pinion_verdict
pinion_insert(struct xdp_md *ctx, struct pinion_scratch *scratch, __u32 at, __u32 size)
{
	if (!at || at > sizeof(scratch->headers) || bpf_xdp_adjust_head(ctx, -(int)size))
		return PINION_DROP_NO_ROOM;
	at = pinion_bound(at, sizeof(scratch->headers));
	size = pinion_bound(size, sizeof(scratch->insert));
	if (bpf_xdp_load_bytes(ctx, size, scratch->headers, at) ||
	    bpf_xdp_store_bytes(ctx, 0, scratch->headers, at) ||
	    bpf_xdp_store_bytes(ctx, at, scratch->insert, size))
		return PINION_DROP_INTERNAL;
	return PINION_NEXT;
}
