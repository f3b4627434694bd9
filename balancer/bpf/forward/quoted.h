/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* NAT of an ICMP error: what it quotes is translated, too, to what its receiver has sent. The error
 * goes to the end that the quoted packet came from, so there the other end changes: if the error's
 * destination becomes the real server, the quoted source does; if its source becomes the VIP, the
 * quoted destination does.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "../icmp.h"
#include "translation.h"

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
	if (!checksum)
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

/* `outer` is what the error's own new address adds to the checksum of ICMPv6, which has a
 * pseudo-header; that of ICMP has none. The quoted header of IPv4 has a checksum itself, and so
 * sums up to what it did before.
 */
__attribute__((noinline)) int pinion_translate_quoted(struct xdp_md *ctx,
						      const struct pinion_packet *pkt, __u64 outer)
{
	const struct pinion_real_server *server = pkt ? pinion_server(pkt->reference) : 0;
	struct pinion_translation to = {};
	struct pinion_icmp *icmp;
	__u64 address;
	__s64 transport;

	if (!server)
		return PINION_DROP_INTERNAL;
	to.is_source = !pkt->is_reply;
	to.address =
		pkt->is_reply ? pkt->address : (pkt->is_v6 ? server->address : &server->address[3]);
	to.port = pkt->is_reply ? pkt->port : pinion_port_at(server, pkt);
	if (!pinion_translate_quoted_ip(ctx, pkt, &to, &address))
		return PINION_DROP_INTERNAL;
	transport = pinion_translate_quoted_transport(ctx, pkt, address, &to);
	icmp = (void *)(long)ctx->data + (pkt->transport & 0x3fff);
	if (transport < 0 || (void *)(icmp + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	icmp->check = pinion_sum_update(icmp->check,
					(__u64)transport + (pkt->is_v6 ? outer + address : 0));
	return PINION_NEXT;
}
