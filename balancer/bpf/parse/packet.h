/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the stages know of a packet. The first one, parse, fills in what the packet says. */
#pragma once

#include <bpf/bpf_endian.h>

#include "balancer/bpf/abi/abi.h"
#include "balancer/bpf/abi/constants.h"
#include "balancer/bpf/conntrack/states.h"

/* Is the connection's reply half to be brought in line? */
enum pinion_mirroring {
	PINION_MIRROR_NONE,
	PINION_MIRROR_HOP, /* No: only where replies go may have changed. */
	PINION_MIRROR_KNOWN,
	PINION_MIRROR_NEW,
};

/* Is it a packet between an IPv6 client and an IPv4 real server (crossing.h)? */
enum pinion_crossing { PINION_CROSSES_NOT, PINION_CROSSES, PINION_CROSSED };

/* What parse has found in the frame. */
enum pinion_kind {
	PINION_FLOW,	 /* TCP or UDP: it has ports. */
	PINION_SCTP,	 /* It has, too; sctp.h reads them. */
	PINION_FRAGMENT, /* A later IP fragment, which has none. */
	PINION_ICMP,	 /* Whole; icmp.h reads what it quotes. */
	PINION_OTHER,
};

/* First what parse fills in; all that follows is 0 until the packet is known to be ours. */
struct pinion_packet {
	/* Of an ICMP error, that of the connection which it concerns. Both begin with what is
	 * hashed; the family says which is meant.
	 */
	union {
		struct pinion_flow4 flow4;
		struct pinion_flow6 flow6;
	};
	__u32 bytes;	 /* Of the IP packet. */
	__be32 id;	 /* Of a fragment: what tells its packet from others between its ends. */
	__u16 network;	 /* Bytes of the frame before the IP header. */
	__u16 transport; /* And before that of TCP, UDP, SCTP or ICMP. */
	/* Of a fragment, its place in the packet and whether more follow, as IPv4's header has
	 * them; 0: it is whole.
	 */
	__be16 fragment;
	__u8 is_v6; /* The connection; what crosses lies in the frame as IPv4 on its server's side.
		     */
	__u8 event; /* enum pinion_event */

	__u32 hash;	 /* Of the flow, for the connection table. */
	__u32 now;	 /* Tick. */
	__u32 reference; /* Of the chosen real server. */
	__u16 last_hop;	 /* A reply's: in `last_hops`. */
	__u16 quoted;	 /* Of an ICMP error: what is before the transport header that it quotes. */
	__be16 local_port; /* Where full NAT sends a client's packet from; 0: nowhere yet. */
	__be16 new_id;	   /* What IPv4's identification of a fragment becomes with its address. */
	__s16 stretch;	   /* What crosses becomes so much longer. */
	__u8 is_reply;
	__u8 mirror;   /* enum pinion_mirroring */
	__u8 local;    /* And the number of its address; or of the one that a reply was sent to. */
	__u8 full_nat; /* It is a client's, and is to have both. */
	__u8 crossing; /* enum pinion_crossing */
	/* Of TCP, where servers are told of clients (client_address.h), or MSSs are lowered. */
	__u8 tcp_flags;
	__u8 tell;  /* PINION_TOA, PINION_PROXY, PINION_TOLD: the connection's. */
	__u8 grow;  /* So many bytes are put into it. */
	__u8 shift; /* So much is added to `seq`; of a reply, taken from `ack`. */
	__u8 zero;
	__be32 seq;
	__be32 ack;
	/* Where it came in, if there are VLANs; see entrance.h. */
	__u32 interface;
	__u32 device;
	union {
		/* A client's, for its reply half: the place of its connection, and its word. */
		struct {
			__u32 place;
			__u32 word;
		};
		/* A reply's: the VIP (IPv4 in the first word), and its port. Its flow's destination
		 * is the client, for full NAT's replies from when they have been found.
		 */
		struct {
			__be32 address[4];
			__be16 port;
		};
	};
	__u32 egress; /* The interface that it leaves by; 0: none, it goes up our own stack. */
};
static_assert(sizeof(struct pinion_packet) == 128, "it stands on the stack, which has 512 bytes");

/* All that parse has not filled in becomes 0. */
static __always_inline void pinion_clear(struct pinion_packet *pkt)
{
	const __u32 filled = __builtin_offsetof(struct pinion_packet, hash);

	__builtin_memset((char *)pkt + filled, 0, sizeof(*pkt) - filled);
}

/* The first fragment, which has the ports. */
static __always_inline int pinion_leads(const struct pinion_packet *pkt)
{
	return pkt->fragment == bpf_htons(0x2000);
}

/* A later one, which has none. */
static __always_inline int pinion_follows(const struct pinion_packet *pkt)
{
	return pkt->fragment & bpf_htons(0x1fff);
}

/* Is what lies in the frame now IPv4? */
static __always_inline int pinion_lies_v4(const struct pinion_packet *pkt)
{
	if (pkt->crossing == PINION_CROSSES_NOT)
		return !pkt->is_v6;
	return pkt->is_reply == (pkt->crossing == PINION_CROSSES);
}

/* Bytes of the IP packet as it leaves. */
static __always_inline __u32 pinion_leaving(const struct pinion_packet *pkt)
{
	return pkt->bytes + (__u32)(pkt->crossing == PINION_CROSSES ? pkt->stretch : 0);
}

/* ::ffff:a.b.c.d is how IPv4 is written here. */
static __always_inline int pinion_is_ipv4(const __be32 *address)
{
	return !(address[0] | address[1] | (address[2] ^ bpf_htonl(0xffff)));
}

/* Where a real server gets a client's packet: at its own port, or at the one that it came for. */
static __always_inline __be16 pinion_port_at(const struct pinion_real_server *server,
					     const struct pinion_packet *pkt)
{
	if (server->port)
		return server->port;
	return pkt->is_v6 ? pkt->flow6.dport : pkt->flow4.dport;
}

static __always_inline __u8 pinion_protocol(const struct pinion_packet *pkt)
{
	return pkt->is_v6 ? pkt->flow6.protocol : pkt->flow4.protocol;
}
