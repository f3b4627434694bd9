/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ICMP errors that concern a connection. Whoever cannot deliver one of its packets tells the
 * sender, and quotes what it could not deliver: the IP header, and 8 bytes at least of what follows
 * (RFC 792), which have the ports. Turned round, that is a flow that the connection table has:
 *
 *   it quotes                  it is sent to   turned round, it is the key of
 *   VIP:port > client:port     the VIP         the connection, and goes to the real server
 *   client:port > server:port  the client      its reply half (NAT), and goes to the client
 *   local:port > server:port   the director    the same by full NAT
 *
 * So one look into the table finds whose it is. It changes nothing there, since an error proves
 * neither that an end is alive nor that it is not. All other ICMP is left to the stack.
 */
#pragma once

#include "balancer/bpf/conntrack/connect.h"
#include "balancer/bpf/parse/parse.h"

struct pinion_icmp {
	__u8 type;
	__u8 code;
	__u16 check;
	__be32 rest; /* By type; of "fragmentation needed" and "packet too big", the MTU. */
};

/* Types of errors, a bit for each: unreachable, time exceeded, parameter problem; in ICMPv6 also
 * packet too big.
 */
#define PINION_ICMP4_ERRORS (1u << 3 | 1u << 11 | 1u << 12)
#define PINION_ICMP6_ERRORS (1u << 1 | 1u << 2 | 1u << 3 | 1u << 4)

/* What is read of the error, and how far that has come. */
struct pinion_quote {
	void *at;
	void *end;     /* Of the frame. */
	__u32 left;    /* From `at` on, as the IP header has it. */
	__u8 protocol; /* Of what is at `at`. */
};

/* Before anything is called for it: most ICMP is no error. */
static __always_inline int pinion_is_error(struct xdp_md *ctx, const struct pinion_packet *pkt)
{
	const __u32 errors = pkt->is_v6 ? PINION_ICMP6_ERRORS : PINION_ICMP4_ERRORS;
	const __u8 *type = (void *)(long)ctx->data + (pkt->transport & 0x3fff);

	return (void *)(type + 1) <= (void *)(long)ctx->data_end && *type < 32 &&
	       errors >> *type & 1;
}

/* Steps over the ICMP header. What is shorter is no error. */
static __always_inline enum pinion_verdict pinion_parse_icmp(const struct pinion_packet *pkt,
							     struct pinion_quote *quote)
{
	const __u32 errors = pkt->is_v6 ? PINION_ICMP6_ERRORS : PINION_ICMP4_ERRORS;
	struct pinion_icmp *icmp = quote->at;

	if (quote->left < sizeof(*icmp) || (void *)(icmp + 1) > quote->end)
		return PINION_PASS_OTHER_PROTOCOL;
	if (icmp->type > 31 || !(errors & 1u << (icmp->type & 31)))
		return PINION_PASS_OTHER_PROTOCOL;
	quote->at = icmp + 1;
	quote->left -= sizeof(*icmp);
	return PINION_NEXT;
}

/* Steps over the quoted IP header, and turns its addresses round. An error is for whoever sent what
 * it quotes. No fragment but the first has ports.
 */
static __always_inline enum pinion_verdict pinion_quoted_ipv4(struct pinion_packet *pkt,
							      struct pinion_quote *quote)
{
	struct iphdr *ip = quote->at;
	__u32 header;

	if (quote->left < sizeof(*ip) || (void *)(ip + 1) > quote->end)
		return PINION_PASS_MALFORMED;
	header = ip->ihl * 4u;
	if (ip->version != 4 || header < sizeof(*ip) || header > quote->left)
		return PINION_PASS_MALFORMED;
	if (ip->saddr != pkt->flow4.daddr || ip->frag_off & bpf_htons(0x1fff))
		return PINION_PASS_OTHER_PROTOCOL;
	pkt->flow4.saddr = ip->daddr;
	pkt->flow4.daddr = ip->saddr;
	quote->protocol = ip->protocol;
	quote->at += header;
	quote->left -= header;
	return PINION_NEXT;
}

static __always_inline enum pinion_verdict pinion_quoted_ipv6(struct pinion_packet *pkt,
							      struct pinion_quote *quote)
{
	struct ipv6hdr *ip = quote->at;
	struct pinion_fragment_header *part;
	enum pinion_verdict verdict;

	if (quote->left < sizeof(*ip) || (void *)(ip + 1) > quote->end || ip->version != 6)
		return PINION_PASS_MALFORMED;
	if (!pinion_same16(ip->saddr.in6_u.u6_addr32, pkt->flow6.daddr))
		return PINION_PASS_OTHER_PROTOCOL;
	__builtin_memcpy(pkt->flow6.saddr, &ip->daddr, 16);
	__builtin_memcpy(pkt->flow6.daddr, &ip->saddr, 16);
	quote->protocol = ip->nexthdr;
	quote->at = ip + 1;
	quote->left -= sizeof(*ip);
	verdict = pinion_skip_headers(&quote->at, quote->end, &quote->protocol, &quote->left);
	if (verdict || quote->protocol != IPPROTO_FRAGMENT)
		return verdict;
	part = quote->at;
	if (quote->left < sizeof(*part) || (void *)(part + 1) > quote->end)
		return PINION_PASS_MALFORMED;
	if (part->offset & bpf_htons(0xfff8))
		return PINION_PASS_OTHER_PROTOCOL;
	quote->protocol = part->next_header;
	quote->left -= sizeof(*part);
	quote->at = part + 1;
	return PINION_NEXT;
}

/* And its ports. An error about an error has none. */
static __always_inline enum pinion_verdict pinion_quoted_ports(struct pinion_packet *pkt,
							       const struct pinion_quote *quote)
{
	pinion_word *place =
		pkt->is_v6 ? (pinion_word *)&pkt->flow6 + 4 : (pinion_word *)&pkt->flow4 + 1;
	const __be16 *ports = quote->at;
	__be16 turned[2];

	if (quote->protocol != IPPROTO_TCP && quote->protocol != IPPROTO_UDP &&
	    quote->protocol != IPPROTO_SCTP)
		return PINION_PASS_OTHER_PROTOCOL;
	if (quote->left < 8 || quote->at + 8 > quote->end)
		return PINION_PASS_MALFORMED;
	turned[0] = ports[1];
	turned[1] = ports[0];
	*place = pinion_ports_word(turned, quote->protocol);
	return PINION_NEXT;
}

/* The packet's flow becomes that of the connection. */
static __always_inline enum pinion_verdict pinion_parse_error(struct xdp_md *ctx,
							      struct pinion_packet *pkt)
{
	void *begin = (void *)(long)ctx->data;
	struct pinion_quote quote = {
		.at = begin + (pkt->transport & 0x3fff),
		.end = (void *)(long)ctx->data_end,
		.left = pkt->bytes - (pkt->transport - pkt->network),
		.protocol = pinion_protocol(pkt),
	};
	enum pinion_verdict verdict = pinion_parse_icmp(pkt, &quote);

	if (verdict)
		return verdict;
	verdict = pkt->is_v6 ? pinion_quoted_ipv6(pkt, &quote) : pinion_quoted_ipv4(pkt, &quote);
	if (verdict)
		return verdict;
	pkt->quoted = (__u16)(quote.at - begin);
	return pinion_quoted_ports(pkt, &quote);
}

/* Whose is it? Of a reply half, pkt->address and pkt->port become the VIP's. */
static __always_inline enum pinion_verdict
pinion_find_quoted(struct pinion_packet *pkt, const pinion_word *flow, struct pinion_table table)
{
	struct pinion_found found = {}, forward = {};

	if (!table.groups || !pinion_may_be_ours(pkt))
		return PINION_PASS_OTHER_PROTOCOL;
	pkt->hash = pinion_table_hash(flow, table);
	if (!pinion_lookup(pkt->hash, flow, table, &found))
		return PINION_PASS_OTHER_PROTOCOL;
	if (PINION_CONSTANT(FULLNAT) && found.link.flags & PINION_FULLNAT)
		pinion_take_local(pkt, &found, table);
	pkt->reference = found.link.server;
	if (!(found.link.flags & PINION_REPLY))
		return PINION_FORWARD_ICMP;
	if (!PINION_CONSTANT(TWO_SIDED) ||
	    !pinion_read_forward(pkt, found.link.server, table, &forward))
		return PINION_PASS_OTHER_PROTOCOL;
	if (PINION_CONSTANT(TELLS))
		pkt->tell = pinion_telling(forward.link.flags);
	pinion_lead_back(pkt, &forward);
	return PINION_FORWARD_ICMP;
}

/* An ICMP error: PINION_FORWARD_ICMP, or why it is left to the stack. */
PINION_GLOBAL_FUNC int pinion_icmp(struct xdp_md *ctx, struct pinion_packet *pkt)
{
	const struct pinion_table v4 = {PINION_SHAPE4, (__u32)PINION_CONSTANT(GROUPS4), 0};
	const struct pinion_table v6 = {PINION_SHAPE6, (__u32)PINION_CONSTANT(GROUPS6), 1};
	enum pinion_verdict verdict;

	if (!pkt)
		return PINION_DROP_INTERNAL;
	verdict = pinion_parse_error(ctx, pkt);
	if (verdict)
		return verdict;
	if (PINION_CONSTANT(CROSSES) && pinion_is_mapped(pkt))
		return PINION_PASS_OTHER_PROTOCOL;
	if (PINION_CONSTANT(VLANS) && pinion_may_be_ours(pkt) && !pinion_enter(ctx, pkt))
		return PINION_PASS_OTHER_VLAN;
	return pkt->is_v6 ? pinion_find_quoted(pkt, (const pinion_word *)&pkt->flow6, v6)
			  : pinion_find_quoted(pkt, (const pinion_word *)&pkt->flow4, v4);
}

/* An IPv4 error about nothing that IPv4's table knows: is it about what an IPv6 client's packet has
 * become?
 */
PINION_GLOBAL_FUNC int pinion_icmp_crossed(struct pinion_packet *pkt)
{
	const struct pinion_table table = {PINION_SHAPE6, (__u32)PINION_CONSTANT(GROUPS6), 1};
	enum pinion_verdict verdict;

	if (!pkt)
		return PINION_DROP_INTERNAL;
	pinion_map_flow(pkt);
	verdict = pinion_find_quoted(pkt, (const pinion_word *)&pkt->flow6, table);
	if (verdict == PINION_FORWARD_ICMP)
		pinion_begin_crossing(pkt);
	return verdict;
}

static __always_inline enum pinion_verdict pinion_relate(struct xdp_md *ctx,
							 struct pinion_packet *pkt)
{
	enum pinion_verdict verdict = (enum pinion_verdict)pinion_icmp(ctx, pkt);

	/* It quotes something that IPv4's table does not have. */
	if (PINION_CONSTANT(CROSSES) && verdict == PINION_PASS_OTHER_PROTOCOL && pkt->quoted &&
	    !pkt->is_v6)
		verdict = (enum pinion_verdict)pinion_icmp_crossed(pkt);
	return verdict;
}
