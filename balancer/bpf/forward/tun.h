/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tunnel: the packet goes to the real server inside of another one, over any routers in between.
 * The real server unpacks it, finds the VIP among its own addresses, and replies to the client. The
 * two IP headers may be of different families.
 *
 * Who puts a packet into a tunnel forwards it, and so takes one hop from its TTL (RFC 2003, 3.1),
 * as LVS does.
 */
#pragma once

#include "balancer/bpf/conntrack/connect.h"
#include "balancer/bpf/forward/dr.h"
#include "balancer/bpf/forward/forwarding.h"
#include "balancer/bpf/reply/too_big.h"
#include "balancer/bpf/reply/way_back.h"
#include "balancer/bpf/rewrite/outer.h"
#include "balancer/bpf/rewrite/shim.h"

/* The verdict of a packet that the director cannot send on as a router would; else takes a hop from
 * it and gives its traffic class to the outer header. `room` is what the path has for it.
 */
static __always_inline enum pinion_verdict pinion_take_hop4(void *at, void *end, __u32 bytes,
							    __u32 room, struct pinion_outer *outer)
{
	struct iphdr *ip = at;
	__u32 check;

	if ((void *)(ip + 1) > end)
		return PINION_DROP_INTERNAL;
	if (ip->ttl <= 1)
		return PINION_DROP_TTL;
	if (bytes > room)
		return PINION_DROP_TOO_BIG;
	outer->traffic_class = ip->tos;
	check = ip->check + bpf_htons(0x0100); /* RFC 1624, for a TTL that is one less. */
	ip->check = (__u16)(check + (check >= 0xffff));
	ip->ttl--;
	return PINION_NEXT;
}

static __always_inline enum pinion_verdict pinion_take_hop6(void *at, void *end, __u32 bytes,
							    __u32 room, struct pinion_outer *outer)
{
	struct ipv6hdr *ip = at;

	if ((void *)(ip + 1) > end)
		return PINION_DROP_INTERNAL;
	if (ip->hop_limit <= 1)
		return PINION_DROP_TTL;
	if (bytes > room)
		return PINION_DROP_TOO_BIG;
	outer->traffic_class = (__u8)(bpf_ntohs(*(__be16 *)ip) >> 4);
	ip->hop_limit--;
	return PINION_NEXT;
}

static __always_inline enum pinion_verdict pinion_take_hop(struct xdp_md *ctx,
							   const struct pinion_packet *pkt,
							   __u32 room, struct pinion_outer *outer)
{
	void *at = (void *)(long)ctx->data + (pkt->network & 31);
	void *end = (void *)(long)ctx->data_end;

	if (pkt->is_v6)
		return pinion_take_hop6(at, end, pkt->bytes, room, outer);
	return pinion_take_hop4(at, end, pkt->bytes, room, outer);
}

static __always_inline void pinion_put_shim(void *at, const struct pinion_shim *shim,
					    const struct pinion_outer *outer)
{
	if (shim->tunnel == PINION_TUNNEL_GUE)
		pinion_put_gue(at, shim, outer);
	else if (shim->tunnel == PINION_TUNNEL_GRE)
		pinion_put_gre(at, shim);
}

/* In front of the packet there is room for the headers now. Whatever it is, no packet is so short
 * that the longest of shims would not find room in what has become of it.
 */
static __always_inline int pinion_wrap(struct xdp_md *ctx, const struct pinion_packet *pkt,
				       const struct pinion_outer *outer,
				       const struct pinion_shim *shim)
{
	const __u32 most = sizeof(struct udphdr) + sizeof(struct pinion_gue);
	void *at = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;

	at += pkt->network & 31;
	if (!pinion_move_tags(ctx, pkt, pinion_outer_size(outer) + pinion_shim_size(shim->tunnel),
			      bpf_htons(outer->is_v6 ? ETH_P_IPV6 : ETH_P_IP)))
		return PINION_DROP_INTERNAL;
	if (outer->is_v6) {
		if (at + sizeof(struct ipv6hdr) + most > end)
			return PINION_DROP_INTERNAL;
		pinion_put_outer6(at, outer);
		pinion_put_shim(at + sizeof(struct ipv6hdr), shim, outer);
	} else {
		if (at + sizeof(struct iphdr) + most > end)
			return PINION_DROP_INTERNAL;
		pinion_put_outer4(at, outer);
		pinion_put_shim(at + sizeof(struct iphdr), shim, outer);
	}
	return PINION_NEXT;
}

/* What fits into the tunnel. */
static __always_inline __u32 pinion_tunnel_room(const struct pinion_real_server *server)
{
	__u32 headers =
		pinion_is_ipv4(server->address) ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);

	headers += pinion_shim_size(server->tunnel);
	return server->mtu > headers ? server->mtu - headers : 0;
}

/* Wraps the packet. PINION_DROP_TOO_BIG: nothing has been done. */
PINION_GLOBAL_FUNC int pinion_tunnel(struct xdp_md *ctx, const struct pinion_packet *pkt)
{
	const struct pinion_real_server *server = pkt ? pinion_server(pkt->reference) : 0;
	struct pinion_outer outer = {};
	struct pinion_shim shim = {};
	enum pinion_verdict verdict;
	__u32 size;

	if (!server)
		return PINION_DROP_INTERNAL;
	if (!pinion_outer_ends(server, pkt->hash, &outer))
		return PINION_DROP_NO_SOURCE;
	shim.tunnel = server->tunnel;
	shim.port = server->tunnel_port;
	shim.checksum = server->tunnel_flags & PINION_TUNNEL_CHECKSUM;
	shim.inner = pkt->is_v6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
	size = pinion_outer_size(&outer) + pinion_shim_size(shim.tunnel);
	verdict = pinion_take_hop(ctx, pkt, pinion_tunnel_room(server), &outer);
	if (verdict)
		return verdict;
	if (shim.tunnel == PINION_TUNNEL_GUE)
		pinion_sum_inner(ctx, pkt, &shim);
	if (bpf_xdp_adjust_head(ctx, -(int)size))
		return PINION_DROP_NO_ROOM;
	outer.protocol = pinion_shim_protocol(&shim);
	outer.bytes = (__u16)(pkt->bytes + pinion_shim_size(shim.tunnel));
	return pinion_wrap(ctx, pkt, &outer, &shim);
}

/* Then the frame goes its way as with direct routing. */
static __always_inline enum pinion_verdict pinion_forward_tun(struct xdp_md *ctx,
							      struct pinion_forwarding *way)
{
	enum pinion_verdict verdict;

	if (!pinion_resolved(way->hop))
		return PINION_DROP_NO_NEIGHBOUR;
	verdict = (enum pinion_verdict)pinion_tunnel(ctx, way->pkt);
	if (verdict == PINION_DROP_TOO_BIG)
		return (enum pinion_verdict)pinion_too_big(ctx, way->pkt,
							   pinion_tunnel_room(way->server));
	way->pkt->egress = way->server->ifindex;
	return verdict ? verdict
		       : pinion_readdress(ctx, way->hop, pinion_load_mac(way->server->source));
}
