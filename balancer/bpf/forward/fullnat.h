/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Full NAT: the real server gets the client's packet from a local address and port, and answers
 * there, wherever its routes lead else; the client gets the reply from the VIP. Both ends change at
 * once. As with NAT, the director is a router on this way.
 */
#pragma once

#include "balancer/bpf/client_info/proxy.h"
#include "balancer/bpf/client_info/toa.h"
#include "balancer/bpf/conntrack/local_end.h"
#include "balancer/bpf/forward/dr.h"
#include "balancer/bpf/forward/nat.h"
#include "balancer/bpf/nat64/cross.h"
#include "balancer/bpf/nat64/cross_error.h"
#include "balancer/bpf/nat64/cross_sums.h"
#include "balancer/bpf/reply/too_big.h"
#include "balancer/bpf/rewrite/ends.h"

static __always_inline enum pinion_verdict pinion_replace_ports(struct xdp_md *ctx,
								const struct pinion_packet *pkt,
								__u64 changes,
								const struct pinion_ends *ends)
{
	const struct pinion_translation to = {.port = ends->dport};
	__be16 *sport = (void *)(long)ctx->data + (pkt->transport & 0x3fff);

	if (pinion_follows(pkt))
		return PINION_NEXT;
	if (pkt->quoted)
		return pinion_keep_change(changes);
	if ((void *)(sport + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	changes += pinion_sum_change(*sport, ends->sport);
	*sport = ends->sport;
	return pinion_translate_transport(ctx, pkt, changes, &to);
}

static __always_inline enum pinion_verdict pinion_replace_ends4(struct xdp_md *ctx,
								const struct pinion_packet *pkt,
								const struct pinion_ends *ends)
{
	struct iphdr *ip = (void *)(long)ctx->data + (pkt->network & 0x3fff);
	__u64 change;

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	if (ip->ttl <= 1)
		return PINION_DROP_TTL;
	change = pinion_sum_change(ip->saddr, ends->saddr[0]) +
		 pinion_sum_change(ip->daddr, ends->daddr[0]);
	ip->saddr = ends->saddr[0];
	ip->daddr = ends->daddr[0];
	ip->check = pinion_sum_update(ip->check, change + (__u16)~bpf_htons(0x0100) +
							 pinion_replace_id(ip, pkt));
	ip->ttl--;
	return pinion_replace_ports(ctx, pkt, change, ends);
}

static __always_inline enum pinion_verdict pinion_replace_ends6(struct xdp_md *ctx,
								const struct pinion_packet *pkt,
								const struct pinion_ends *ends)
{
	struct ipv6hdr *ip = (void *)(long)ctx->data + (pkt->network & 0x3fff);
	__be32 *saddr = ip->saddr.in6_u.u6_addr32;
	__be32 *daddr = ip->daddr.in6_u.u6_addr32;
	__u64 change = 0;

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	if (ip->hop_limit <= 1)
		return PINION_DROP_TTL;
	for (int i = 0; i < 4; i++) {
		change += pinion_sum_change(saddr[i], ends->saddr[i]) +
			  pinion_sum_change(daddr[i], ends->daddr[i]);
		saddr[i] = ends->saddr[i];
		daddr[i] = ends->daddr[i];
	}
	ip->hop_limit--;
	return pinion_replace_ports(ctx, pkt, change, ends);
}

/* Of an ICMP error, what it quotes is still to be changed. */
PINION_GLOBAL_FUNC int pinion_replace_ends(struct xdp_md *ctx, const struct pinion_packet *pkt)
{
	struct pinion_ends ends = {};

	if (!pkt || !pinion_new_ends(pkt, &ends))
		return PINION_DROP_INTERNAL;
	return pkt->is_v6 ? pinion_replace_ends6(ctx, pkt, &ends)
			  : pinion_replace_ends4(ctx, pkt, &ends);
}

/* A client's packet is to cross: does it fit then, with the header of PROXY protocol? By whichever
 * interface it leaves: what came in there had another size.
 */
PINION_GLOBAL_FUNC int pinion_meet_crossing(struct xdp_md *ctx, struct pinion_packet *pkt)
{
	const struct pinion_real_server *server = pkt ? pinion_server(pkt->reference) : 0;
	__u32 header;

	if (!server)
		return PINION_DROP_INTERNAL;
	pinion_begin_crossing(pkt);
	header = pkt->tell & PINION_PROXY ? pkt->grow : 0;
	return pinion_leaving(pkt) + header > server->mtu
		       ? pinion_too_big(ctx, pkt, server->mtu - header)
		       : PINION_NEXT;
}

/* And what crosses changes its whole header. */
static __always_inline int pinion_change_ends(struct xdp_md *ctx, struct pinion_packet *pkt)
{
	int failed;

	if (!PINION_CONSTANT(CROSSES) || !pkt->crossing) {
		failed = pinion_replace_ends(ctx, pkt);
		return failed || !pkt->quoted ? failed : pinion_translate_quoted(ctx, pkt);
	}
	failed = pinion_prepare_crossing(ctx, pkt);
	if (failed)
		return failed;
	return pkt->quoted ? pinion_cross_error(ctx, pkt) : pinion_cross(ctx, pkt);
}

/* What it is told of the client. */
PINION_GLOBAL_FUNC int pinion_tell_server(struct xdp_md *ctx, const struct pinion_packet *pkt)
{
	const struct pinion_real_server *server = pkt ? pinion_server(pkt->reference) : 0;

	if (!server)
		return PINION_DROP_INTERNAL;
	return pkt->tell & PINION_PROXY ? pinion_put_proxy(ctx, pkt)
					: pinion_put_toa(ctx, pkt, server->mtu);
}

/* To the real server; then the frame goes its way as with direct routing. */
static __always_inline enum pinion_verdict pinion_forward_fullnat(struct xdp_md *ctx,
								  struct pinion_forwarding *way)
{
	int failed;

	if (!pinion_resolved(way->hop))
		return PINION_DROP_NO_NEIGHBOUR;
	if (!way->pkt->local_port)
		return PINION_DROP_NO_PORT;
	if (pinion_crosses_to(way->pkt, way->server)) {
		failed = pinion_meet_crossing(ctx, way->pkt);
		if (failed)
			return (enum pinion_verdict)failed;
	} else if (pinion_outgrows(ctx, way)) {
		return (enum pinion_verdict)pinion_too_big(ctx, way->pkt, way->server->mtu);
	} else if (PINION_CONSTANT(TELLS) && pinion_header_outgrows(way->pkt, way->server->mtu)) {
		return (enum pinion_verdict)pinion_too_big(ctx, way->pkt,
							   way->server->mtu - way->pkt->grow);
	}
	failed = pinion_change_ends(ctx, way->pkt);
	if (!failed && PINION_CONSTANT(TELLS) && way->pkt->tell)
		failed = pinion_tell_server(ctx, way->pkt);
	return failed ? (enum pinion_verdict)failed : pinion_forward_dr(ctx, way);
}

/* The server's packet becomes the VIP's, to the client. */
static __always_inline int pinion_reply_by_fullnat(struct xdp_md *ctx, struct pinion_packet *pkt)
{
	int failed = pinion_change_ends(ctx, pkt);

	if (!failed && PINION_CONSTANT(TELLS) && pkt->tell & PINION_PROXY && !pkt->quoted)
		failed = pinion_hide_proxy(ctx, pkt);
	return failed;
}
