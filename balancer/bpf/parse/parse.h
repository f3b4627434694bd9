/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage 1: Ethernet, up to two VLAN tags, IPv4 with options or IPv6 with extension headers, and the
 * ports of TCP and UDP; of all else the flow has the protocol (sctp.h and icmp.h read on). Every
 * packet that is not plainly ours to forward is passed to the stack: we share the interface with
 * sshd, ARP and everybody else.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "balancer/bpf/abi/maps.h"
#include "balancer/bpf/parse/packet.h"

#define PINION_IPV6_HEADERS 6 /* Extension headers that are followed. */

struct pinion_vlan {
	__be16 tci;
	__be16 protocol;
};

struct pinion_fragment_header { /* RFC 8200, 4.5. */
	__u8 next_header;
	__u8 reserved;
	__be16 offset; /* In units of 8 bytes, in the upper 13 bits; the lowest says that more
			  follow. */
	__be32 id;
};

/* The frame, and how far parsing has come. */
struct pinion_cursor {
	void *begin;
	void *at;
	void *end;
	__be16 protocol; /* EtherType of what is at `at`. */
};

static __always_inline __u16 pinion_offset(const struct pinion_cursor *cursor, const void *at)
{
	return (__u16)(at - cursor->begin);
}

static __always_inline int pinion_is_vlan(__be16 protocol)
{
	return protocol == bpf_htons(ETH_P_8021Q) || protocol == bpf_htons(ETH_P_8021AD);
}

static __always_inline enum pinion_verdict pinion_parse_ethernet(struct pinion_cursor *cursor)
{
	struct ethhdr *ethernet = cursor->at;

	if ((void *)(ethernet + 1) > cursor->end)
		return PINION_PASS_MALFORMED;
	if (ethernet->h_dest[0] & 1)
		return PINION_PASS_MULTICAST;
	cursor->protocol = ethernet->h_proto;
	cursor->at = ethernet + 1;
	for (int i = 0; i < PINION_VLAN_TAGS && pinion_is_vlan(cursor->protocol); i++) {
		struct pinion_vlan *vlan = cursor->at;

		if ((void *)(vlan + 1) > cursor->end)
			return PINION_PASS_MALFORMED;
		cursor->protocol = vlan->protocol;
		cursor->at = vlan + 1;
	}
	return pinion_is_vlan(cursor->protocol) ? PINION_PASS_TOO_DEEP : PINION_NEXT;
}

/* Two halves of a word, as they lie in memory. Flows are written by words, as they are read: a load
 * that is wider than the stores before it waits until those have reached the cache.
 */
static __always_inline __u64 pinion_join(__u32 first, __u32 second)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return first | (__u64)second << 32;
#else
	return (__u64)first << 32 | second;
#endif
}

/* The last word of a flow: both ports, which UDP has where TCP has them, and the protocol. */
static __always_inline __u64 pinion_ports_word(const void *header, __u8 protocol)
{
	return pinion_join(*(const __u32 *)header, bpf_htonl((__u32)protocol << 24));
}

static __always_inline enum pinion_verdict
pinion_parse_tcp(void *at, void *end, __u32 length, pinion_word *ports, struct pinion_packet *pkt)
{
	struct tcphdr *tcp = at;
	__u32 header;

	if ((void *)(tcp + 1) > end || length < sizeof(*tcp))
		return PINION_PASS_MALFORMED;
	header = tcp->doff * 4u;
	if (header < sizeof(*tcp) || header > length || at + header > end)
		return PINION_PASS_MALFORMED;
	*ports = pinion_ports_word(tcp, IPPROTO_TCP);
	pkt->event = pinion_tcp_event(((__u8 *)tcp)[13]);
	return PINION_NEXT;
}

static __always_inline enum pinion_verdict
pinion_parse_udp(void *at, void *end, __u32 length, pinion_word *ports, struct pinion_packet *pkt)
{
	struct udphdr *udp = at;

	if ((void *)(udp + 1) > end || length < sizeof(*udp))
		return PINION_PASS_MALFORMED;
	if (bpf_ntohs(udp->len) < sizeof(*udp))
		return PINION_PASS_MALFORMED;
	if (bpf_ntohs(udp->len) > length && !pkt->fragment) /* It is that of all fragments. */
		return PINION_PASS_MALFORMED;
	*ports = pinion_ports_word(udp, IPPROTO_UDP);
	pkt->event = PINION_EVENT_DATA;
	return PINION_NEXT;
}

static __always_inline enum pinion_kind pinion_other_kind(const struct pinion_packet *pkt,
							  __u8 protocol)
{
	if (protocol == IPPROTO_SCTP)
		return PINION_SCTP;
	if (protocol == (pkt->is_v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP) && !pkt->fragment)
		return PINION_ICMP;
	return PINION_OTHER;
}

/* Of what has no ports, or none that are read here, the flow has the protocol. */
static __always_inline __u64 pinion_protocol_word(__u8 protocol)
{
	return pinion_join(0, bpf_htonl((__u32)protocol << 24));
}

/* `length` is what the IP header says that follows it. */
static __always_inline enum pinion_verdict pinion_parse_ports(void *at, void *end, __u32 length,
							      __u8 protocol, pinion_word *ports,
							      struct pinion_packet *pkt,
							      enum pinion_kind *kind)
{
	*kind = PINION_FLOW;
	if (protocol == IPPROTO_TCP)
		return pinion_parse_tcp(at, end, length, ports, pkt);
	if (protocol == IPPROTO_UDP)
		return pinion_parse_udp(at, end, length, ports, pkt);
	*ports = pinion_protocol_word(protocol);
	pkt->event = PINION_EVENT_DATA;
	*kind = pinion_other_kind(pkt, protocol);
	return PINION_NEXT;
}

static __always_inline enum pinion_verdict
pinion_parse_ipv4(struct pinion_cursor *cursor, struct pinion_packet *pkt, enum pinion_kind *kind)
{
	struct iphdr *ip = cursor->at;
	pinion_word *flow = (pinion_word *)&pkt->flow4;
	__u32 header, total;

	if ((void *)(ip + 1) > cursor->end)
		return PINION_PASS_MALFORMED;
	header = ip->ihl * 4u;
	total = bpf_ntohs(ip->tot_len);
	if (ip->version != 4 || header < sizeof(*ip) || total < header)
		return PINION_PASS_MALFORMED;
	flow[0] = pinion_join(ip->saddr, ip->daddr);
	flow[2] = flow[3] = flow[4] = 0; /* IPv6's is longer. */
	pkt->bytes = total;
	pkt->is_v6 = 0;
	pkt->fragment = ip->frag_off & bpf_htons(0x3fff);
	pkt->id = ip->id;
	pkt->network = pinion_offset(cursor, ip);
	pkt->transport = (__u16)(pkt->network + header);
	if (pinion_follows(pkt)) {
		flow[1] = pinion_protocol_word(ip->protocol);
		pkt->event = PINION_EVENT_DATA;
		*kind = PINION_FRAGMENT;
		return PINION_NEXT;
	}
	return pinion_parse_ports((void *)ip + header, cursor->end, total - header, ip->protocol,
				  &flow[1], pkt, kind);
}

/* Steps over one extension header. PINION_NEXT: it has been. */
static __always_inline enum pinion_verdict pinion_skip_header(void **at, void *end, __u8 *protocol,
							      __u32 *left)
{
	struct ipv6_opt_hdr *option = *at;
	__u32 length;

	if ((void *)option + 8 > end || *left < 8) /* None is shorter. */
		return PINION_PASS_MALFORMED;
	length = *protocol == IPPROTO_AH ? (option->hdrlen + 2u) * 4 : (option->hdrlen + 1u) * 8;
	if (length > *left)
		return PINION_PASS_MALFORMED;
	/* A routing header that is not used up names another destination than the VIP. */
	if (*protocol == IPPROTO_ROUTING && ((__u8 *)option)[3] != 0)
		return PINION_PASS_OTHER_PROTOCOL;
	*protocol = option->nexthdr;
	*left -= length;
	*at += length;
	return PINION_NEXT;
}

static __always_inline int pinion_is_extension(__u8 protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_DSTOPTS ||
	       protocol == IPPROTO_ROUTING || protocol == IPPROTO_AH;
}

/* Steps over all of them. */
static __always_inline enum pinion_verdict pinion_skip_headers(void **at, void *end, __u8 *protocol,
							       __u32 *left)
{
	for (int i = 0; i < PINION_IPV6_HEADERS && pinion_is_extension(*protocol); i++) {
		enum pinion_verdict verdict = pinion_skip_header(at, end, protocol, left);

		if (verdict)
			return verdict;
	}
	return pinion_is_extension(*protocol) ? PINION_PASS_TOO_DEEP : PINION_NEXT;
}

/* Behind it a packet that was sent in fragments goes on; one that is alone in its fragments is
 * whole (RFC 6946).
 */
static __always_inline enum pinion_verdict
pinion_parse_fragment6(void **at, void *end, __u8 *protocol, __u32 *left, struct pinion_packet *pkt)
{
	struct pinion_fragment_header *header = *at;
	__u16 offset;

	if ((void *)(header + 1) > end || *left < sizeof(*header))
		return PINION_PASS_MALFORMED;
	offset = bpf_ntohs(header->offset);
	pkt->fragment = bpf_htons((__u16)(offset >> 3 | (offset & 1) << 13));
	pkt->id = header->id;
	*protocol = header->next_header;
	*left -= sizeof(*header);
	*at = header + 1;
	return PINION_NEXT;
}

static __always_inline enum pinion_verdict
pinion_parse_ipv6(struct pinion_cursor *cursor, struct pinion_packet *pkt, enum pinion_kind *kind)
{
	pinion_word *flow = (pinion_word *)&pkt->flow6;
	struct ipv6hdr *ip = cursor->at;
	enum pinion_verdict verdict;
	void *at = ip + 1;
	__u8 protocol;
	__u32 left;

	if (at > cursor->end || ip->version != 6)
		return PINION_PASS_MALFORMED;
	protocol = ip->nexthdr;
	left = bpf_ntohs(ip->payload_len);
	pkt->is_v6 = 1;
	pkt->fragment = 0;
	pkt->id = 0;
	pkt->network = pinion_offset(cursor, ip);
	pkt->bytes = left + sizeof(*ip);
	__builtin_memcpy(pkt->flow6.saddr, &ip->saddr, 16);
	__builtin_memcpy(pkt->flow6.daddr, &ip->daddr, 16);
	verdict = pinion_skip_headers(&at, cursor->end, &protocol, &left);
	if (verdict)
		return verdict;
	if (protocol == IPPROTO_FRAGMENT)
		verdict = pinion_parse_fragment6(&at, cursor->end, &protocol, &left, pkt);
	if (verdict)
		return verdict;
	pkt->transport = pinion_offset(cursor, at);
	if (pinion_follows(pkt)) {
		flow[4] = pinion_protocol_word(protocol);
		pkt->event = PINION_EVENT_DATA;
		*kind = PINION_FRAGMENT;
		return PINION_NEXT;
	}
	return pinion_parse_ports(at, cursor->end, left, protocol, &flow[4], pkt, kind);
}

/* Fills in the first part of `pkt`, and says what it is; or why it is left to the stack. */
static __always_inline enum pinion_verdict
pinion_parse(struct xdp_md *ctx, struct pinion_packet *pkt, enum pinion_kind *kind)
{
	struct pinion_cursor cursor = {
		.begin = (void *)(long)ctx->data,
		.at = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	enum pinion_verdict verdict = pinion_parse_ethernet(&cursor);

	if (verdict)
		return verdict;
	if (cursor.protocol == bpf_htons(ETH_P_IP))
		return pinion_parse_ipv4(&cursor, pkt, kind);
	if (cursor.protocol == bpf_htons(ETH_P_IPV6))
		return pinion_parse_ipv6(&cursor, pkt, kind);
	return PINION_PASS_NOT_IP;
}

/* What else there is to know of a TCP segment. */
static __always_inline void pinion_note_tcp(struct xdp_md *ctx, struct pinion_packet *pkt)
{
	const struct tcphdr *tcp = (void *)(long)ctx->data + (pkt->transport & 0x3fff);

	if (pinion_protocol(pkt) != IPPROTO_TCP || (void *)(tcp + 1) > (void *)(long)ctx->data_end)
		return;
	pkt->seq = tcp->seq;
	pkt->ack = tcp->ack_seq;
	pkt->tcp_flags = ((const __u8 *)tcp)[13];
}

/* The packet is looked at more closely: fills in the rest. */
static __always_inline void pinion_note(struct xdp_md *ctx, struct pinion_packet *pkt,
					enum pinion_kind kind)
{
	pinion_clear(pkt);
	if (kind == PINION_FLOW && (PINION_CONSTANT(TELLS) || PINION_CONSTANT(CLAMPS)))
		pinion_note_tcp(ctx, pkt);
}
