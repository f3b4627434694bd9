/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Full NAT: the real server gets the client's packet from a local address and port, and answers
 * there, wherever its routes lead else; the client gets the reply from the VIP. Both ends change at
 * once. As with NAT, the director is a router on this way.
 */
#pragma once

#include "../local_end.h"
#include "dr.h"
#include "nat.h"
#include "proxy.h"
#include "toa.h"
#include "too_big.h"

/* What both ends of the packet become; an IPv4 address is one word. */
struct pinion_ends {
	__be32 saddr[4];
	__be32 daddr[4];
	__be16 sport;
	__be16 dport;
};

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
		return (enum pinion_verdict)pinion_translate_quoted(ctx, pkt, changes);
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

static __always_inline int pinion_reply_ends(const struct pinion_packet *pkt,
					     struct pinion_ends *ends)
{
	__builtin_memcpy(ends->saddr, pkt->address, 16);
	ends->sport = pkt->port;
	if (pkt->is_v6) {
		__builtin_memcpy(ends->daddr, pkt->flow6.daddr, 16);
		ends->dport = pkt->flow6.dport;
	} else {
		ends->daddr[0] = pkt->flow4.daddr;
		ends->dport = pkt->flow4.dport;
	}
	return 1;
}

static __always_inline int pinion_request_ends(const struct pinion_packet *pkt,
					       struct pinion_ends *ends)
{
	const struct pinion_real_server *server = pinion_server(pkt->reference);
	const __be32 *local = pinion_local_address(pkt->local);

	if (!server || !local)
		return 0;
	if (pkt->is_v6) {
		__builtin_memcpy(ends->saddr, local, 16);
		__builtin_memcpy(ends->daddr, server->address, 16);
	} else {
		ends->saddr[0] = local[3];
		ends->daddr[0] = server->address[3];
	}
	ends->sport = pkt->local_port;
	ends->dport = pinion_port_at(server, pkt);
	return 1;
}

/* Either way. A function of its own for the verifier, as pinion_new4() is. */
__attribute__((noinline)) int pinion_replace_ends(struct xdp_md *ctx,
						  const struct pinion_packet *pkt)
{
	struct pinion_ends ends = {};

	if (!pkt)
		return PINION_DROP_INTERNAL;
	if (!(pkt->is_reply ? pinion_reply_ends(pkt, &ends) : pinion_request_ends(pkt, &ends)))
		return PINION_DROP_INTERNAL;
	return pkt->is_v6 ? pinion_replace_ends6(ctx, pkt, &ends)
			  : pinion_replace_ends4(ctx, pkt, &ends);
}

/* What it is told of the client. A function of its own for the verifier. */
__attribute__((noinline)) int pinion_tell_server(struct xdp_md *ctx,
						 const struct pinion_packet *pkt)
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
	if (pinion_outgrows(ctx, way))
		return (enum pinion_verdict)pinion_too_big(ctx, way->pkt, way->server->mtu);
	if (pinion_tells() && pinion_header_outgrows(way->pkt, way->server->mtu))
		return (enum pinion_verdict)pinion_too_big(ctx, way->pkt,
							   way->server->mtu - way->pkt->grow);
	failed = pinion_replace_ends(ctx, way->pkt);
	if (!failed && pinion_tells() && way->pkt->tell)
		failed = pinion_tell_server(ctx, way->pkt);
	return failed ? (enum pinion_verdict)failed : pinion_forward_dr(ctx, way);
}

/* Back to the client. */
static __always_inline enum pinion_verdict
pinion_forward_fullnat_reply(struct xdp_md *ctx, struct pinion_forwarding *way)
{
	struct pinion_way_back back = {};
	enum pinion_verdict failed = pinion_find_way_back(ctx, way, &back);

	if (failed)
		return failed;
	failed = (enum pinion_verdict)pinion_replace_ends(ctx, way->pkt);
	if (!failed && pinion_tells() && way->pkt->tell & PINION_PROXY && !way->pkt->quoted)
		failed = (enum pinion_verdict)pinion_hide_proxy(ctx, way->pkt);
	return failed ? failed : pinion_go_back(ctx, way, &back);
}
