/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* NAT of an ICMP error: what it quotes is translated, too, to what its receiver has sent. The error
 * goes to the end that the quoted packet came from, so there the other end changes: if the error's
 * destination becomes the real server, the quoted source does; if its source becomes the VIP, the
 * quoted destination does. Full NAT changes both ends of both.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "balancer/bpf/client_info/client_address.h"
#include "balancer/bpf/conntrack/icmp.h"
#include "balancer/bpf/rewrite/translation.h"

/* The checksum of the quoted TCP or UDP; NULL: as much is not quoted. */
static __always_inline __sum16 *pinion_quoted_checksum(struct xdp_md *ctx,
						       const struct pinion_packet *pkt)
{
	__u32 offset = pinion_protocol(pkt) == IPPROTO_TCP
			       ? __builtin_offsetof(struct tcphdr, check)
			       : __builtin_offsetof(struct udphdr, check);
	__sum16 *checksum = (void *)(long)ctx->data + (pkt->quoted & 0x3fff) + offset;

	if ((void *)(checksum + 1) > (void *)(long)ctx->data_end ||
	    pkt->quoted + offset + sizeof(*checksum) > pkt->network + pkt->bytes)
		return 0;
	return checksum;
}

/* Port and checksum of the quoted TCP or UDP. `address` is what the new address adds to the latter.
 * Returns what both add to the ICMP checksum; negative: there are none, which cannot be.
 */
static __always_inline __s64 pinion_translate_quoted_transport(struct xdp_md *ctx,
							       const struct pinion_packet *pkt,
							       __u64 address,
							       const struct pinion_translation *to)
{
	__be16 *ports = (void *)(long)ctx->data + (pkt->quoted & 0x3fff);
	__sum16 *checksum = pinion_quoted_checksum(ctx, pkt);
	__u64 change;
	__sum16 before;

	if ((void *)(ports + 2) > (void *)(long)ctx->data_end)
		return -1;
	change = pinion_replace_port(ports, to);
	if (!checksum || pinion_protocol(pkt) == IPPROTO_SCTP) /* Its CRC32c covers no address. */
		return (__s64)change;
	before = *checksum;
	pinion_update_transport(checksum, pinion_protocol(pkt), address + change);
	return (__s64)(change + pinion_sum_change(before, *checksum));
}

/* The address in the quoted IP header; `*change` is what that adds. False: there is no such header.
 */
static __always_inline int pinion_translate_quoted_ip(struct xdp_md *ctx,
						      const struct pinion_packet *pkt,
						      const struct pinion_translation *to,
						      __u64 *change)
{
	void *at = (void *)(long)ctx->data + (pkt->transport & 0x3fff) + sizeof(struct pinion_icmp);
	struct ipv6hdr *ip6 = at;
	struct iphdr *ip4 = at;

	if (pkt->is_v6) {
		if ((void *)(ip6 + 1) > (void *)(long)ctx->data_end)
			return 0;
		*change = pinion_replace_address(to->is_source ? ip6->saddr.in6_u.u6_addr32
							       : ip6->daddr.in6_u.u6_addr32,
						 4, to);
	} else {
		if ((void *)(ip4 + 1) > (void *)(long)ctx->data_end)
			return 0;
		*change = pinion_replace_address(to->is_source ? &ip4->saddr : &ip4->daddr, 1, to);
		ip4->check = pinion_sum_update(ip4->check, *change);
	}
	return 1;
}

/* One end of what is quoted, in both headers. Returns what that adds to the checksum of the error;
 * negative: there is no such header, which cannot be. The quoted header of IPv4 has a checksum
 * itself, and so sums up to what it did before.
 */
static __always_inline __s64 pinion_translate_quoted_end(struct xdp_md *ctx,
							 const struct pinion_packet *pkt,
							 const struct pinion_translation *to)
{
	__u64 address;
	__s64 transport;

	if (!pinion_translate_quoted_ip(ctx, pkt, to, &address))
		return -1;
	transport = pinion_translate_quoted_transport(ctx, pkt, address, to);
	if (transport < 0)
		return -1;
	return transport + (pkt->is_v6 ? (__s64)address : 0);
}

/* The end that NAT changes: the real server's becomes the VIP's, or the other way round. */
static __always_inline struct pinion_translation
pinion_served_end(const struct pinion_packet *pkt, const struct pinion_real_server *server)
{
	struct pinion_translation to = {.is_source = !pkt->is_reply};

	to.address =
		pkt->is_reply ? pkt->address : (pkt->is_v6 ? server->address : &server->address[3]);
	to.port = pkt->is_reply ? pkt->port : pinion_port_at(server, pkt);
	return to;
}

/* And the one that full NAT changes, too: the local end becomes the client's, or the other way
 * round. False: there is none, which cannot be.
 */
static __always_inline int pinion_asking_end(const struct pinion_packet *pkt,
					     struct pinion_translation *to)
{
	const __be32 *local;

	to->is_source = pkt->is_reply;
	if (pkt->is_reply) {
		to->address = pkt->is_v6 ? pkt->flow6.daddr : &pkt->flow4.daddr;
		to->port = pkt->is_v6 ? pkt->flow6.dport : pkt->flow4.dport;
		return 1;
	}
	local = pinion_local_address(pkt->local);
	if (!local)
		return 0;
	to->address = pkt->is_v6 ? local : &local[3];
	to->port = pkt->local_port;
	return 1;
}

/* To its client a connection is what it was before its server was told of it: what fits is less by
 * what still tells, and its sequence numbers are less by PROXY protocol's header. Returns what that
 * adds to the checksum of the error.
 */
static __always_inline __u64 pinion_hide_telling(struct xdp_md *ctx,
						 const struct pinion_packet *pkt,
						 struct pinion_icmp *icmp)
{
	__be32 *seq = (void *)(long)ctx->data + (pkt->quoted & 0x3fff) + 4;
	int too_big = pkt->is_v6 ? icmp->type == 2 : icmp->type == 3 && icmp->code == 4;
	__u32 size = pinion_telling_size(pkt), mtu = bpf_ntohl(icmp->rest);
	__be32 before;

	if (!(pkt->tell & PINION_TOLD)) {
		if (!too_big || mtu < size + (pkt->is_v6 ? 1280 : 68))
			return 0;
		before = icmp->rest;
		icmp->rest = bpf_htonl(mtu - size);
		return pinion_sum_change(before, icmp->rest);
	}
	if (!(pkt->tell & PINION_PROXY) || (void *)(seq + 1) > (void *)(long)ctx->data_end)
		return 0;
	before = *seq;
	*seq = bpf_htonl(bpf_ntohl(before) - size);
	return pinion_sum_change(before, *seq);
}

/* Keeps for pinion_translate_quoted() what the error's own new addresses add to the checksum of
 * ICMPv6, which has a pseudo-header; that of ICMP has none.
 */
static __always_inline enum pinion_verdict pinion_keep_change(__u64 change)
{
	struct pinion_scratch *scratch = pinion_scratch();

	if (!scratch)
		return PINION_DROP_INTERNAL;
	scratch->change = change;
	return PINION_NEXT;
}

/* After the error's own header. */
PINION_GLOBAL_FUNC int pinion_translate_quoted(struct xdp_md *ctx, const struct pinion_packet *pkt)
{
	const struct pinion_scratch *scratch = pinion_scratch();
	const struct pinion_real_server *server = pkt ? pinion_server(pkt->reference) : 0;
	struct pinion_translation to;
	struct pinion_icmp *icmp;
	__s64 served, asking = 0;
	__u64 told = 0;

	if (!server || !scratch)
		return PINION_DROP_INTERNAL;
	to = pinion_served_end(pkt, server);
	served = pinion_translate_quoted_end(ctx, pkt, &to);
	if (PINION_CONSTANT(FULLNAT) && server->method == PINION_METHOD_FULLNAT)
		asking = pinion_asking_end(pkt, &to) ? pinion_translate_quoted_end(ctx, pkt, &to)
						     : -1;
	icmp = (void *)(long)ctx->data + (pkt->transport & 0x3fff);
	if (served < 0 || asking < 0 || (void *)(icmp + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	if (PINION_CONSTANT(TELLS) && pkt->is_reply && pkt->tell)
		told = pinion_hide_telling(ctx, pkt, icmp);
	icmp->check = pinion_sum_update(icmp->check, (__u64)served + (__u64)asking + told +
							     (pkt->is_v6 ? scratch->change : 0));
	return PINION_NEXT;
}
