/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* PROXY protocol, version 2 (haproxy's doc/proxy-protocol.txt, section 2.2): a header in front of
 * what the client sends, with its address and the VIP. To the server it is part of the stream, to
 * the client it does not exist: so the client's sequence numbers grow by its length on their way
 * in, and the server's acknowledgements, selective ones as well, shrink by it on their way out.
 */
#pragma once

#include "balancer/bpf/client_info/client_address.h"
#include "balancer/bpf/rewrite/insert.h"
#include "balancer/bpf/rewrite/tcp_options.h"

#define PINION_PROXY_TCP4 0x11
#define PINION_PROXY_TCP6 0x21

static __always_inline void pinion_fill_proxy(__u32 *words, const struct pinion_packet *pkt)
{
	const __u32 version = 0x21u << 24; /* 2; on behalf of somebody else. */

	words[0] = bpf_htonl(0x0d0a0d0a); /* The signature. */
	words[1] = bpf_htonl(0x000d0a51);
	words[2] = bpf_htonl(0x5549540a);
	if (pkt->is_v6) {
		words[3] =
			bpf_htonl(version | PINION_PROXY_TCP6 << 16 | (PINION_PROXY6_BYTES - 16));
		for (int i = 0; i < 4; i++) {
			words[4 + i] = pkt->flow6.saddr[i];
			words[8 + i] = pkt->flow6.daddr[i];
		}
		words[12] = *(const __u32 *)&pkt->flow6.sport; /* Both ports. */
	} else {
		words[3] =
			bpf_htonl(version | PINION_PROXY_TCP4 << 16 | (PINION_PROXY4_BYTES - 16));
		words[4] = pkt->flow4.saddr;
		words[5] = pkt->flow4.daddr;
		words[6] = *(const __u32 *)&pkt->flow4.sport;
	}
}

/* Is it a packet that gets the header, and does not fit then? */
static __always_inline int pinion_header_outgrows(const struct pinion_packet *pkt, __u32 mtu)
{
	return pkt->tell & PINION_PROXY && pkt->grow && pkt->bytes + pkt->grow > mtu;
}

static __always_inline enum pinion_verdict
pinion_insert_proxy(struct xdp_md *ctx, const struct pinion_packet *pkt, __u32 at)
{
	__u32 size = pkt->is_v6 ? PINION_PROXY6_BYTES : PINION_PROXY4_BYTES;
	struct pinion_scratch *scratch = pinion_scratch();
	struct tcphdr *tcp;
	enum pinion_verdict failed;
	__u64 change = 0;

	if (!scratch)
		return PINION_DROP_INTERNAL;
	pinion_fill_proxy(scratch->insert, pkt);
	failed = pinion_insert(ctx, scratch, at, size);
	if (failed)
		return failed;
	tcp = (void *)(long)ctx->data + (pkt->transport & 0x3fff);
	if ((void *)(tcp + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	if (pkt->tcp_flags & PINION_TCP_URG) { /* It counts from the sequence number. */
		__be16 before = tcp->urg_ptr;

		tcp->urg_ptr = bpf_htons((__u16)(bpf_ntohs(before) + size));
		change = pinion_sum_change(before, tcp->urg_ptr);
	}
	return pinion_lengthen(ctx, pkt, size, change + pinion_sum_insert(scratch, size));
}

/* The client's packet. */
static __always_inline int pinion_put_proxy(struct xdp_md *ctx, const struct pinion_packet *pkt)
{
	struct tcphdr *tcp = (void *)(long)ctx->data + (pkt->transport & 0x3fff);
	__u32 headers;
	__be32 seq;

	if ((void *)(tcp + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	headers = (pkt->transport & 0x3fff) + tcp->doff * 4u;
	if (pkt->event == PINION_EVENT_SYN && pkt->network + pkt->bytes > headers)
		return PINION_DROP_SYN_DATA;
	if (pkt->grow)
		return pinion_insert_proxy(ctx, pkt, headers);
	if (pkt->shift) {
		seq = bpf_htonl(bpf_ntohl(tcp->seq) + pkt->shift);
		tcp->check = pinion_sum_update(tcp->check, pinion_sum_change(tcp->seq, seq));
		tcp->seq = seq;
	}
	return PINION_NEXT;
}

/* The blocks of a selective acknowledgement. What acknowledges the header alone is before all that
 * the client has sent then, and is ignored there.
 */
static __always_inline int pinion_hide_in_options(struct xdp_md *ctx,
						  const struct pinion_packet *pkt)
{
	struct pinion_scratch *scratch = pinion_scratch();
	__u32 length;

	if (!scratch)
		return PINION_DROP_INTERNAL;
	length = pinion_read_options(ctx, pkt, scratch);
	if (!length)
		return PINION_NEXT;
	pinion_lower_sack(scratch, length, pinion_telling_size(pkt));
	return pinion_write_options(ctx, pkt, scratch, length);
}

/* The server's. */
PINION_GLOBAL_FUNC int pinion_hide_proxy(struct xdp_md *ctx, const struct pinion_packet *pkt)
{
	struct tcphdr *tcp;
	__be32 ack;

	if (!pkt)
		return PINION_DROP_INTERNAL;
	tcp = (void *)(long)ctx->data + (pkt->transport & 0x3fff);
	if ((void *)(tcp + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	if (pkt->shift) {
		ack = bpf_htonl(bpf_ntohl(tcp->ack_seq) - pkt->shift);
		tcp->check = pinion_sum_update(tcp->check, pinion_sum_change(tcp->ack_seq, ack));
		tcp->ack_seq = ack;
	}
	return pinion_options_are_usual(ctx, tcp) ? PINION_NEXT : pinion_hide_in_options(ctx, pkt);
}
