/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An ICMP error about what crosses, for whoever sent that: ICMPv6 to an IPv6 client, ICMP to an
 * IPv4 server (RFC 7915, 4.2 and 5.2). The error is made anew: of what it quotes, the header as its
 * sender wrote it, and the first 8 bytes behind it, which have the ports and TCP's sequence number,
 * and are all that a receiver may rely on (RFC 792). So it has one size, and its checksum is summed
 * up from nothing.
 */
#pragma once

#include "balancer/bpf/client_info/client_address.h"
#include "balancer/bpf/conntrack/icmp.h"
#include "balancer/bpf/nat64/cross.h"
#include "balancer/bpf/nat64/crossing.h"
#include "balancer/bpf/rewrite/ends.h"
#include "balancer/bpf/rewrite/outer.h"

#define PINION_SMALLEST_MTU6 1280 /* Of any link (RFC 8200, 5). */
#define PINION_SMALLEST_MTU4 68	  /* RFC 791, 3.2. */
#define PINION_LARGEST_MTU4  0xffff

/* What an error's type and code become: type << 8 | code; 0: nothing. */
#define PINION_BECOMES(type, code) ((type) << 8 | (code))

/* ICMPv6's, by type and code (RFC 7915, 5.2). */
static const volatile __u16 pinion_errors_to4[5][8] = {
	[1] = {PINION_BECOMES(3, 1), PINION_BECOMES(3, 10), PINION_BECOMES(3, 1),
	       PINION_BECOMES(3, 1), PINION_BECOMES(3, 3)},
	[2] = {PINION_BECOMES(3, 4)},
	[3] = {PINION_BECOMES(11, 0), PINION_BECOMES(11, 1)},
	[4] = {0, PINION_BECOMES(3, 2)},
};

/* ICMP's "unreachable", by code, and "time exceeded" (4.2). */
static const volatile __u16 pinion_errors_to6[2][16] = {
	{PINION_BECOMES(1, 0), PINION_BECOMES(1, 0), PINION_BECOMES(4, 1), PINION_BECOMES(1, 4),
	 PINION_BECOMES(2, 0), PINION_BECOMES(1, 0), PINION_BECOMES(1, 0), PINION_BECOMES(1, 0),
	 PINION_BECOMES(1, 0), PINION_BECOMES(1, 1), PINION_BECOMES(1, 1), PINION_BECOMES(1, 0),
	 PINION_BECOMES(1, 0), PINION_BECOMES(1, 1), 0, PINION_BECOMES(1, 1)},
	{PINION_BECOMES(3, 0), PINION_BECOMES(3, 1)},
};

/* The error, as it is read. */
struct pinion_error {
	__u16 becomes;
	__u16 bytes; /* That follow the quoted IP header, as that says. */
	__u32 rest;  /* Of the new ICMP header, in the host's order. */
	__u8 hops;   /* The error's own. */
	__u8 quoted_hops;
	__be32 start[2]; /* Of what is quoted behind the header. */
	__u64 change;	 /* What the old addresses add to its checksum. */
};

struct pinion_error4 {
	struct pinion_icmp icmp;
	struct iphdr quoted;
	__be32 start[2];
};

struct pinion_error6 {
	struct pinion_icmp icmp;
	struct ipv6hdr quoted;
	__be32 start[2];
};

static __always_inline __u32 pinion_within(__u32 value, __u32 least, __u32 most)
{
	if (value < least)
		return least;
	return value > most ? most : value;
}

/* Bytes of IPv6's extension headers in what is quoted. From a VIP they are a fragment's. */
static __always_inline __u32 pinion_quoted_extensions(const struct pinion_packet *pkt)
{
	return pkt->is_reply ? 0
			     : pkt->quoted - pkt->transport -
				       (__u32)(sizeof(struct pinion_icmp) + sizeof(struct ipv6hdr));
}

/* The MTU that is told, on the other side, and without what the director puts into the packets. */
static __always_inline __u32 pinion_told_mtu(const struct pinion_packet *pkt, __u32 mtu)
{
	__u32 more = PINION_CROSSING_HEADER + pinion_quoted_extensions(pkt);

	if (!pkt->is_reply)
		return pinion_within(mtu, PINION_SMALLEST_MTU4 + more, PINION_LARGEST_MTU4) - more;
	if (PINION_CONSTANT(TELLS) && pkt->tell && !(pkt->tell & PINION_TOLD))
		more -= pinion_telling_size(pkt);
	return pinion_within(mtu, PINION_SMALLEST_MTU6 - more, PINION_LARGEST_MTU4) + more;
}

static __always_inline void pinion_read_icmp(const struct pinion_packet *pkt,
					     const struct pinion_icmp *icmp,
					     struct pinion_error *error)
{
	if (pkt->is_reply)
		error->becomes = icmp->type == 3 || icmp->type == 11
					 ? pinion_errors_to6[icmp->type == 11][icmp->code & 15]
					 : 0;
	else
		error->becomes =
			icmp->type < 5 ? pinion_errors_to4[icmp->type & 7][icmp->code & 7] : 0;
	if (icmp->code >= 16 || (!pkt->is_reply && icmp->code >= 8))
		error->becomes = 0;
	if (error->becomes == PINION_BECOMES(2, 0))
		error->rest = pinion_told_mtu(pkt, bpf_ntohl(icmp->rest) & 0xffff);
	if (error->becomes == PINION_BECOMES(3, 4))
		error->rest = pinion_told_mtu(pkt, bpf_ntohl(icmp->rest));
	if (error->becomes == PINION_BECOMES(4, 1))
		error->rest = 6; /* Where IPv6's header says what follows it. */
}

/* The quoted header. */
static __always_inline int pinion_read_quoted(struct xdp_md *ctx, const struct pinion_packet *pkt,
					      struct pinion_error *error)
{
	void *end = (void *)(long)ctx->data_end;
	struct pinion_icmp *icmp = (void *)(long)ctx->data + (pkt->transport & 0x3fff);
	__be32 *start = (void *)(long)ctx->data + (pkt->quoted & 0x3fff);
	struct ipv6hdr *ip6 = (void *)(icmp + 1);
	struct iphdr *ip4 = (void *)(icmp + 1);

	if ((void *)(ip4 + 1) > end || (void *)(start + 2) > end)
		return 0;
	pinion_read_icmp(pkt, icmp, error);
	error->start[0] = start[0];
	error->start[1] = start[1];
	if (pkt->is_reply) {
		error->bytes = (__u16)(bpf_ntohs(ip4->tot_len) - ip4->ihl * 4u);
		error->quoted_hops = ip4->ttl;
		error->change = (__u64)(__u32)~ip4->saddr + (__u32)~ip4->daddr;
		return 1;
	}
	if ((void *)(ip6 + 1) > end)
		return 0;
	error->bytes = (__u16)(bpf_ntohs(ip6->payload_len) - pinion_quoted_extensions(pkt));
	error->quoted_hops = ip6->hop_limit;
	for (int i = 0; i < 8; i++)
		error->change += (__u32)~ip6->saddr.in6_u.u6_addr32[i];
	return 1;
}

/* Its own header. */
static __always_inline int pinion_read_error(struct xdp_md *ctx, const struct pinion_packet *pkt,
					     struct pinion_error *error)
{
	const __u8 *ip = (void *)(long)ctx->data + (pkt->network & 31);

	if ((void *)ip + sizeof(struct iphdr) > (void *)(long)ctx->data_end)
		return 0;
	/* Places of the TTL, and of the hop limit. */
	error->hops = pkt->is_reply ? ip[8] : ip[7];
	return pinion_read_quoted(ctx, pkt, error);
}

/* What is quoted was sent by whom the error goes to: its ends are those of the error, turned round.
 */
static __always_inline void pinion_translate_start(const struct pinion_packet *pkt,
						   const struct pinion_ends *ends,
						   struct pinion_error *error)
{
	__be32 ports;
	__be16 *pair = (__be16 *)&ports;
	__u16 *words = (__u16 *)error->start;

	pair[0] = ends->dport;
	pair[1] = ends->sport;
	error->change += pinion_sum_change(error->start[0], ports);
	error->start[0] = ports;
	for (int i = pkt->is_reply ? 0 : 3; i < 4; i++)
		error->change += (__u64)ends->saddr[i] + ends->daddr[i];
	if (pkt->flow6.protocol == IPPROTO_UDP)
		pinion_update_transport(&words[3], IPPROTO_UDP, error->change);
	else if (PINION_CONSTANT(TELLS) && pkt->is_reply && pkt->tell & PINION_PROXY &&
		 pkt->tell & PINION_TOLD)
		error->start[1] = bpf_htonl(bpf_ntohl(error->start[1]) - pinion_telling_size(pkt));
}

static __always_inline __u64 pinion_sum_words(const void *at, __u32 count)
{
	const __u32 *word = at;
	__u64 sum = 0;

	for (__u32 i = 0; i < count; i++)
		sum += word[i];
	return sum;
}

static __always_inline void pinion_set_icmp(struct pinion_icmp *icmp,
					    const struct pinion_error *error)
{
	icmp->type = (__u8)(error->becomes >> 8);
	icmp->code = (__u8)error->becomes;
	icmp->check = 0;
	icmp->rest = bpf_htonl(error->rest);
}

static __always_inline int pinion_put_error4(struct xdp_md *ctx, const struct pinion_packet *pkt,
					     const struct pinion_ends *ends,
					     const struct pinion_error *error)
{
	struct iphdr *ip = (void *)(long)ctx->data + (pkt->network & 31);
	struct pinion_error4 *message = (void *)(ip + 1);
	struct pinion_outer header = {
		.from = {0, 0, 0, ends->saddr[3]},
		.to = {0, 0, 0, ends->daddr[3]},
		.bytes = sizeof(*message),
		.protocol = IPPROTO_ICMP,
		.traffic_class = 0xc0, /* As too_big.h has it. */
		.hops = error->hops - 1,
	};

	if ((void *)(message + 1) > (void *)(long)ctx->data_end)
		return 0;
	pinion_put_outer4(ip, &header);
	header.from[3] = ends->daddr[3];
	header.to[3] = ends->saddr[3];
	header.bytes = error->bytes;
	header.protocol = pkt->flow6.protocol;
	header.traffic_class = 0;
	header.hops = error->quoted_hops;
	pinion_put_outer4(&message->quoted, &header);
	message->start[0] = error->start[0];
	message->start[1] = error->start[1];
	pinion_set_icmp(&message->icmp, error);
	message->icmp.check =
		(__u16)~pinion_sum_fold(pinion_sum_words(message, sizeof(*message) / 4));
	return 1;
}

static __always_inline int pinion_put_error6(struct xdp_md *ctx, const struct pinion_packet *pkt,
					     const struct pinion_ends *ends,
					     const struct pinion_error *error)
{
	struct ipv6hdr *ip = (void *)(long)ctx->data + (pkt->network & 31);
	struct pinion_error6 *message = (void *)(ip + 1);
	struct pinion_outer header = {
		.bytes = sizeof(*message),
		.protocol = IPPROTO_ICMPV6,
		.hops = error->hops - 1,
	};
	__u64 sum;

	if ((void *)(message + 1) > (void *)(long)ctx->data_end)
		return 0;
	__builtin_memcpy(header.from, ends->saddr, 16);
	__builtin_memcpy(header.to, ends->daddr, 16);
	pinion_put_outer6(ip, &header);
	sum = pinion_sum_words(&ip->saddr, 8) + bpf_htonl(sizeof(*message)) +
	      bpf_htonl(IPPROTO_ICMPV6);
	__builtin_memcpy(header.from, ends->daddr, 16);
	__builtin_memcpy(header.to, ends->saddr, 16);
	header.bytes = error->bytes;
	header.protocol = pkt->flow6.protocol;
	header.hops = error->quoted_hops;
	pinion_put_outer6(&message->quoted, &header);
	message->start[0] = error->start[0];
	message->start[1] = error->start[1];
	pinion_set_icmp(&message->icmp, error);
	message->icmp.check =
		(__u16)~pinion_sum_fold(sum + pinion_sum_words(message, sizeof(*message) / 4));
	return 1;
}

static_assert(sizeof(struct iphdr) + sizeof(struct pinion_error4) == PINION_CROSSED_ERROR4,
	      "crossing.h has its size");
static_assert(sizeof(struct ipv6hdr) + sizeof(struct pinion_error6) == PINION_CROSSED_ERROR6,
	      "crossing.h has its size");

/* PINION_NEXT: it is an error of the other family. */
PINION_GLOBAL_FUNC int pinion_cross_error(struct xdp_md *ctx, struct pinion_packet *pkt)
{
	struct pinion_error error = {};
	struct pinion_ends ends = {};
	__u32 size, length;
	int header;

	if (!pkt || !pinion_new_ends(pkt, &ends) || !pinion_read_error(ctx, pkt, &error))
		return PINION_DROP_INTERNAL;
	if (error.hops <= 1)
		return PINION_DROP_TTL;
	if (!error.becomes)
		return PINION_DROP_UNTRANSLATABLE;
	pinion_translate_start(pkt, &ends, &error);
	header = pkt->is_reply ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	size = pkt->is_reply ? PINION_CROSSED_ERROR6 : PINION_CROSSED_ERROR4;
	/* Both headers, its own and the quoted one, are longer, or shorter. */
	if (!pinion_stretch_frame(ctx, pkt, (pkt->is_reply ? 2 : -2) * (int)PINION_CROSSING_HEADER,
				  bpf_htons(pkt->is_reply ? ETH_P_IPV6 : ETH_P_IP)))
		return PINION_DROP_NO_ROOM;
	length = (__u32)bpf_xdp_get_buff_len(ctx);
	if (bpf_xdp_adjust_tail(ctx, (int)((pkt->network & 31) + size - length)))
		return PINION_DROP_NO_ROOM;
	if (!(pkt->is_reply ? pinion_put_error6(ctx, pkt, &ends, &error)
			    : pinion_put_error4(ctx, pkt, &ends, &error)))
		return PINION_DROP_INTERNAL;
	pkt->bytes = size;
	pkt->transport = (__u16)(pkt->network + header);
	pkt->crossing = PINION_CROSSED;
	return PINION_NEXT;
}
