/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the ends agree on in their SYNs, where the director knows better. An MSS is no more than the
 * configuration says, or than fits where the segments go that it is for: from the server to the
 * client, or back. The server's leaves room for what the client's packets get. And options are
 * taken back that would have a stream without the PROXY header (TCP Fast Open), or count its bytes
 * (multipath TCP).
 */
#pragma once

#include "balancer/bpf/client_info/client_address.h"
#include "balancer/bpf/conntrack/tables.h"
#include "balancer/bpf/parse/entrance.h"
#include "balancer/bpf/rewrite/tcp_options.h"

/* What segments may have that go to whoever has sent this packet's answer; 0: as much as it says.
 */
static __always_inline __u32 pinion_most_mss(struct xdp_md *ctx, const struct pinion_packet *pkt)
{
	const struct pinion_real_server *server = pinion_server(pkt->reference);
	/* What answers a reply that crosses arrives as IPv4. */
	int is_v6 = pkt->is_v6 && !(pkt->crossing && pkt->is_reply);
	__u32 headers =
		(is_v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)) + sizeof(struct tcphdr);
	__u32 mtu = 0; /* Replies leave where their client's packets come in. */

	if (!PINION_CONSTANT(CLAMPS) || !server ||
	    !(PINION_TWO_SIDED & 1u << (server->method & 31)))
		return 0;
	if (server->mss != PINION_MSS_AUTO)
		return server->mss;
	if (pkt->is_reply)
		mtu = server->mtu;
	else
		bpf_check_mtu(ctx, pinion_interface(ctx, pkt), &mtu, 0, 0);
	return mtu > headers ? mtu - headers : 0;
}

/* A SYN, or SYN/ACK, that has been rewritten. */
PINION_GLOBAL_FUNC int pinion_tune_syn(struct xdp_md *ctx, const struct pinion_packet *pkt)
{
	struct pinion_scratch *scratch = pinion_scratch();
	__u32 length, most;

	if (!pkt || !scratch)
		return PINION_DROP_INTERNAL;
	most = pinion_most_mss(ctx, pkt);
	if (!pkt->tell && !most)
		return PINION_NEXT;
	length = pinion_read_options(ctx, pkt, scratch);
	if (!length)
		return PINION_NEXT;
	pinion_lower_mss(scratch, length, most,
			 pkt->is_reply && pkt->tell ? pinion_telling_size(pkt) : 0);
	if (pkt->tell & PINION_PROXY) {
		(void)pinion_blank_option(pinion_find_option(length, PINION_OPTION_FAST_OPEN));
		(void)pinion_blank_option(pinion_find_option(length, PINION_OPTION_MULTIPATH));
	}
	return pinion_write_options(ctx, pkt, scratch, length);
}
