/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of abi.h that is for IP fragments (fragment.h). */
#pragma once

#include <linux/types.h>

/* Map `fragments`, LRU hash: what became of the first fragment of a packet, for those that follow.
 * The key is what tells the packets of two hosts apart (RFC 791, 2.3; RFC 8200, 4.5).
 */
#define PINION_FRAGMENTS 16384
struct pinion_fragment_key {
	__be32 saddr[4]; /* IPv4 is ::ffff:a.b.c.d. */
	__be32 daddr[4];
	__be32 id;
	__u8 protocol; /* Of IPv4. */
	__u8 zero[3];
};
static_assert(sizeof(struct pinion_fragment_key) == 40, "pinned maps keep this layout");

struct pinion_fragment {
	__u32 seen;	 /* Tick of the first. */
	__u32 reference; /* The rest, where it was forwarded, as in struct pinion_packet. */
	__u32 hash;
	__u32 ifindex; /* That it left by; 0: it went to the stack. */
	__u16 last_hop;
	__be16 id;
	__be16 local_port;
	__u8 local;
	__u8 is_reply;
	__u8 verdict; /* enum pinion_verdict */
	__u8 crosses; /* It passes between an IPv6 client and an IPv4 server. */
	__u8 zero[2];
	__be32 address[4]; /* A reply's: the VIP, */
	__be32 client[4];  /* and who gets it. */
	__u32 progress;	   /* Bytes that have come; in the upper half, of how many, once known. */
};
static_assert(sizeof(struct pinion_fragment) == 64, "pinned maps keep this layout");

/* Map `early_fragments`, ring buffer: fragments that came before the first of their packet. The
 * daemon presents them again when that one has come. Every start begins anew.
 */
#define PINION_EARLY_BYTES 1984
struct pinion_early_fragment {
	struct pinion_fragment_key key;
	__u32 ifindex; /* It came in there, as the driver has it. */
	__u32 device;  /* And by this, which the program is on. */
	__u32 bytes;   /* Of the frame. */
	__u32 zero;
	__u64 now; /* ns of CLOCK_MONOTONIC */
	__u8 frame[PINION_EARLY_BYTES];
};
static_assert(sizeof(struct pinion_early_fragment) == 2048, "an entry of the ring");
