/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Crossing: a VIP of IPv6 whose real servers have IPv4, by full NAT. It is what a stateful NAT64
 * does (RFC 6146), with the VIP in place of its prefix, and the server that was chosen in place of
 * the address inside of it.
 *
 * Both halves of such a connection stand in IPv6's table; of the reply half, the server and the
 * local address as ::ffff:a.b.c.d. So there they are as any connection of full NAT, and only what
 * lies in the frame is another thing than the connection (struct pinion_packet.is_v6): IPv4, to the
 * real server and from it. A server's packet is looked for here when IPv4's own table does not
 * know it. The header is translated last, and then as RFC 7915 has it (cross.h).
 */
#pragma once

#include "balancer/bpf/abi/maps.h"
#include "balancer/bpf/parse/packet.h"
#include "balancer/bpf/parse/parse.h"

/* What it takes to be told where the fragment belongs. */
#define PINION_CROSSING_FRAGMENT ((__u32)sizeof(struct pinion_fragment_header))
/* Bytes of an ICMP error, once it has been made anew (cross_error.h). */
#define PINION_CROSSED_ERROR4 56
#define PINION_CROSSED_ERROR6 96
/* IPv6's header is so much longer than IPv4's. */
#define PINION_CROSSING_HEADER ((__u32)(sizeof(struct ipv6hdr) - sizeof(struct iphdr)))

/* Does the client's packet cross, on its way to this real server? */
static __always_inline int pinion_crosses_to(const struct pinion_packet *pkt,
					     const struct pinion_real_server *server)
{
	return PINION_CONSTANT(CROSSES) && pkt->is_v6 && server && pinion_is_ipv4(server->address);
}

/* An IPv4 packet's flow becomes that of IPv6's table. */
static __always_inline void pinion_map_flow(struct pinion_packet *pkt)
{
	const __be32 prefix = bpf_htonl(0xffff);
	const struct pinion_flow4 flow = pkt->flow4;
	pinion_word *words = (pinion_word *)&pkt->flow6;

	words[0] = 0;
	words[1] = pinion_join(prefix, flow.saddr);
	words[2] = 0;
	words[3] = pinion_join(prefix, flow.daddr);
	words[4] = ((const pinion_word *)&flow)[1]; /* Both families' is the same. */
	pkt->is_v6 = 1;
}

static __always_inline void pinion_unmap_flow(struct pinion_packet *pkt,
					      const struct pinion_flow4 *flow)
{
	pkt->flow4 = *flow;
	pkt->is_v6 = 0;
}

/* It is to be translated. Whether it is a reply has been found out. */
static __always_inline void pinion_begin_crossing(struct pinion_packet *pkt)
{
	const __u32 header = pkt->transport - pkt->network;

	pkt->crossing = PINION_CROSSES;
	pkt->stretch = (__s16)(pkt->is_reply ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	pkt->stretch -= (__s16)header;
	if (pkt->is_reply && pkt->fragment)
		pkt->stretch += (__s16)PINION_CROSSING_FRAGMENT;
	if (pkt->quoted)
		pkt->stretch =
			(__s16)((pkt->is_reply ? PINION_CROSSED_ERROR6 : PINION_CROSSED_ERROR4) -
				pkt->bytes);
}

/* Of how many bytes a packet may be on this side, where on the other one `mtu` fit. */
static __always_inline __u32 pinion_before_crossing(const struct pinion_packet *pkt, __u32 mtu)
{
	const __u32 more = PINION_CROSSING_HEADER + (pkt->fragment ? PINION_CROSSING_FRAGMENT : 0);

	if (!pkt->crossing)
		return mtu;
	return pkt->is_reply ? mtu - more : mtu + more;
}
