/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* NAT: the client's packet gets the real server's address and port for its destination, the reply
 * the VIP's for its source. The director is a router on this way: it counts the TTL down. ICMP
 * errors about either are translated with what they quote. SCTP's ports stay as they are: its
 * CRC32c covers them, and that of a whole packet cannot be computed here.
 */
#pragma once

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>

#include "balancer/bpf/abi/maps.h"
#include "balancer/bpf/forward/forwarding.h"
#include "balancer/bpf/parse/entrance.h"
#include "balancer/bpf/reply/too_big.h"
#include "balancer/bpf/reply/way_back.h"
#include "balancer/bpf/rewrite/quoted.h"
#include "balancer/bpf/rewrite/translation.h"

static __always_inline enum pinion_verdict
pinion_translate_transport(struct xdp_md *ctx, const struct pinion_packet *pkt, __u64 changes,
			   const struct pinion_translation *to)
{
	void *end = (void *)(long)ctx->data_end;
	__be16 *ports = (void *)(long)ctx->data + (pkt->transport & 0x3fff);
	__sum16 *checksum;

	if (pinion_follows(pkt))
		return PINION_NEXT;
	if (pkt->quoted)
		return pinion_keep_change(changes);
	if (pinion_protocol(pkt) == IPPROTO_TCP) {
		struct tcphdr *tcp = (void *)ports;

		if ((void *)(tcp + 1) > end)
			return PINION_DROP_INTERNAL;
		checksum = &tcp->check;
	} else if (pinion_protocol(pkt) != IPPROTO_UDP) {
		return PINION_NEXT; /* SCTP's CRC32c covers no address, and its ports stay. */
	} else {
		struct udphdr *udp = (void *)ports;

		if ((void *)(udp + 1) > end)
			return PINION_DROP_INTERNAL;
		checksum = &udp->check;
	}
	changes += pinion_replace_port(ports, to);
	pinion_update_transport(checksum, pinion_protocol(pkt), changes);
	return PINION_NEXT;
}

/* A fragment's: between its new ends another packet may have it. Returns what that adds to the
 * header's checksum.
 */
static __always_inline __u64 pinion_replace_id(struct iphdr *ip, const struct pinion_packet *pkt)
{
	__u64 change;

	if (!pkt->fragment)
		return 0;
	change = pinion_sum_change(ip->id, pkt->new_id);
	ip->id = pkt->new_id;
	return change;
}

static __always_inline enum pinion_verdict pinion_translate4(struct xdp_md *ctx,
							     const struct pinion_packet *pkt,
							     const struct pinion_translation *to)
{
	struct iphdr *ip = (void *)(long)ctx->data + (pkt->network & 0x3fff);
	__u64 change;

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	if (ip->ttl <= 1)
		return PINION_DROP_TTL;
	change = pinion_replace_address(to->is_source ? &ip->saddr : &ip->daddr, 1, to);
	/* The TTL is the first byte of its word: one less, and the sum has 0x0100 less. */
	ip->check = pinion_sum_update(ip->check, change + (__u16)~bpf_htons(0x0100) +
							 pinion_replace_id(ip, pkt));
	ip->ttl--;
	return pinion_translate_transport(ctx, pkt, change, to);
}

static __always_inline enum pinion_verdict pinion_translate6(struct xdp_md *ctx,
							     const struct pinion_packet *pkt,
							     const struct pinion_translation *to)
{
	struct ipv6hdr *ip = (void *)(long)ctx->data + (pkt->network & 0x3fff);
	__u64 change;

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	if (ip->hop_limit <= 1)
		return PINION_DROP_TTL;
	change = pinion_replace_address(
		to->is_source ? ip->saddr.in6_u.u6_addr32 : ip->daddr.in6_u.u6_addr32, 4, to);
	ip->hop_limit--;
	return pinion_translate_transport(ctx, pkt, change, to);
}

static __always_inline enum pinion_verdict pinion_translate(struct xdp_md *ctx,
							    const struct pinion_packet *pkt,
							    const struct pinion_translation *to)
{
	enum pinion_verdict failed =
		pkt->is_v6 ? pinion_translate6(ctx, pkt, to) : pinion_translate4(ctx, pkt, to);

	if (failed || !pkt->quoted)
		return failed;
	return (enum pinion_verdict)pinion_translate_quoted(ctx, pkt);
}

/* To the real server. */
static __always_inline enum pinion_verdict pinion_forward_nat(struct xdp_md *ctx,
							      struct pinion_forwarding *way)
{
	const struct pinion_real_server *server = way->server;
	struct pinion_translation to = {
		.address = way->pkt->is_v6 ? server->address : &server->address[3],
		.port = pinion_port_at(server, way->pkt),
	};
	enum pinion_verdict failed;

	if (!pinion_resolved(way->hop))
		return PINION_DROP_NO_NEIGHBOUR;
	if (pinion_outgrows(ctx, way))
		return (enum pinion_verdict)pinion_too_big(ctx, way->pkt, server->mtu);
	failed = pinion_translate(ctx, way->pkt, &to);
	way->pkt->egress = server->ifindex;
	return failed ? failed : pinion_readdress(ctx, way->hop, pinion_load_mac(server->source));
}

/* The server's packet becomes the VIP's. */
static __always_inline enum pinion_verdict pinion_reply_by_nat(struct xdp_md *ctx,
							       const struct pinion_packet *pkt)
{
	struct pinion_translation to = {
		.address = pkt->address,
		.port = pkt->port,
		.is_source = 1,
	};

	return pinion_translate(ctx, pkt, &to);
}
