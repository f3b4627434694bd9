/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TOA: the client's address and port in a TCP option, as the kernel modules of LVS's full NAT read
 * it on real servers (kind 254; port and address in network order). It goes in front of the other
 * options, so that these need not move. A packet that has no room for it, in its header of 60 bytes
 * at most or on its way, goes without.
 */
#pragma once

#include "balancer/bpf/client_info/client_address.h"
#include "balancer/bpf/rewrite/insert.h"

#define PINION_TOA_KIND 254

static __always_inline void pinion_fill_toa(__u32 *words, const struct pinion_packet *pkt)
{
	const __u32 head = (__u32)PINION_TOA_KIND << 24;

	if (pkt->is_v6) {
		words[0] = bpf_htonl(head | PINION_TOA6_BYTES << 16 | bpf_ntohs(pkt->flow6.sport));
		for (int i = 0; i < 4; i++)
			words[1 + i] = pkt->flow6.saddr[i];
	} else {
		words[0] = bpf_htonl(head | PINION_TOA4_BYTES << 16 | bpf_ntohs(pkt->flow4.sport));
		words[1] = pkt->flow4.saddr;
	}
}

static __always_inline int pinion_put_toa(struct xdp_md *ctx, const struct pinion_packet *pkt,
					  __u32 mtu)
{
	__u32 size = pkt->is_v6 ? PINION_TOA6_BYTES : PINION_TOA4_BYTES;
	struct pinion_scratch *scratch = pinion_scratch();
	struct tcphdr *tcp = (void *)(long)ctx->data + (pkt->transport & 0x3fff);
	__be16 *offset_word, before, after;
	enum pinion_verdict failed;

	if (!scratch || (void *)(tcp + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	if (!pkt->grow || pkt->bytes + size > mtu || tcp->doff * 4u + size > 60 ||
	    pkt->transport + sizeof(*tcp) > sizeof(scratch->headers))
		return PINION_NEXT;
	pinion_fill_toa(scratch->insert, pkt);
	failed = pinion_insert(ctx, scratch, (pkt->transport & 0x3fff) + sizeof(*tcp), size);
	if (failed)
		return failed;
	tcp = (void *)(long)ctx->data + (pkt->transport & 0x3fff);
	if ((void *)(tcp + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	offset_word = (__be16 *)tcp + 6;
	before = *offset_word;
	tcp->doff += size / 4;
	after = *offset_word;
	return pinion_lengthen(ctx, pkt, size,
			       pinion_sum_insert(scratch, size) + pinion_sum_change(before, after));
}
