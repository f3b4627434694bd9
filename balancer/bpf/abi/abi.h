/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keys and values of the maps, and the memory that XDP and the daemon share. Both compile this
 * file, neither redefines what is in it. Pinned maps outlive the daemon: whoever changes a layout
 * here raises the version of its family of maps (PINION_FAMILIES).
 *
 * Byte order: __be is what a packet carries, everything else is the host's. Time is in ticks of
 * 2^20 ns (about 1.05 ms), 32 bits: compare differences, it wraps in 52 days. Ticks are counted by
 * the kernel's jiffies (clock.h).
 */
#pragma once

/* Rows of macros, and comments in columns, stay as they are. */
/* clang-format off */

#include <linux/types.h>

#include "balancer/bpf/abi/lists.h"

#ifndef __cplusplus
#define static_assert _Static_assert
#endif

#include "balancer/bpf/abi/fragments.h"
#include "balancer/bpf/abi/vlans.h"

#define PINION_ABI 7 /* The layout of struct pinion_settings; 6 had no versions. */
#define PINION_TICK_SHIFT 20

enum pinion_verdict {
	PINION_NEXT, /* No verdict yet: the next stage decides. */
#define X(name, action, text) PINION_##name,
	PINION_VERDICTS(X)
#undef X
	PINION_VERDICT_COUNT,
};

enum pinion_method {
#define X(name, keyword, text) PINION_METHOD_##name,
	PINION_FORWARDING_METHODS(X)
#undef X
	PINION_METHOD_COUNT,
};

/* Methods whose replies pass the director. */
#define PINION_TWO_SIDED (1u << PINION_METHOD_NAT | 1u << PINION_METHOD_FULLNAT)

enum pinion_tunnel {
#define X(name, keyword, text) PINION_TUNNEL_##name,
	PINION_TUNNELS(X)
#undef X
	PINION_TUNNEL_COUNT,
};

enum pinion_client_address {
#define X(name, keyword, text) PINION_CLIENT_##name,
	PINION_CLIENT_ADDRESSES(X)
#undef X
	PINION_CLIENT_ADDRESS_COUNT,
};

enum pinion_selection {
#define X(name, text) PINION_SELECT_##name,
	PINION_SELECTIONS(X)
#undef X
	PINION_SELECTION_COUNT,
};

enum pinion_state {
#define X(name, keyword, timeout, text) PINION_STATE_##name,
	PINION_STATES(X)
#undef X
	PINION_STATE_COUNT,
};

enum pinion_family {
#define X(name, version, fate) PINION_FAMILY_##name,
	PINION_FAMILIES(X)
#undef X
	PINION_FAMILY_COUNT,
};

/* Map `settings`, one value. The daemon writes it; the program reads it with each packet. */
struct pinion_settings {
	__u32 abi; /* Stays the first word, whatever the rest becomes. */
	__u32 zero;
	/* Secret, drawn when the tables were made: the coefficients of the connection table's hash.
	 * They live as long as the tables do.
	 */
	__u64 seed[11];
	__u32 timeout[16]; /* Ticks until a connection in this state (enum pinion_state) ends. */
	/* From the ticks of the jiffies to those of the tables, which began with CLOCK_MONOTONIC's.
	 * The program has it as a constant.
	 */
	__u32 tick_offset;
	/* By state: a reply half is stamped anew every 2^this ticks (pair.h). */
	__u8 refresh_shift[16];
	__u32 reserved[51]; /* 0. */
	__u32 version[32]; /* Of each enum pinion_family; 0: there is no such family yet. */
};
static_assert(sizeof(struct pinion_settings) == 512, "pinned maps keep this layout");
static_assert(PINION_STATE_COUNT <= 16, "settings.timeout has a place for each state");
static_assert(PINION_FAMILY_COUNT <= 32, "settings.version has a place for each family");

/* Map `vips`, array, mmapable, one value: the addresses that services have (vip_filter.h). */
#define PINION_VIP_BITS 65536
struct pinion_vip_filter {
	__u64 word[PINION_VIP_BITS / 64];
};

/* Map `services`, hash. A virtual service as a packet names it. IPv4 is ::ffff:a.b.c.d, so one map
 * serves both families. Several keys, also of the next two maps, may name one service.
 */
struct pinion_service_key {
	__be32 addr[4];
	__u8 protocol; /* IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP. */
	__u8 zero;     /* A hash map compares every byte: padding is a named field, and 0. */
	__be16 port;
};
static_assert(sizeof(struct pinion_service_key) == 20, "pinned maps keep this layout");

/* Map `service_ranges`, LPM trie: ports of one address. The prefix ends in the port, and is a block
 * of ports of a range; where it ends before it, it is any port.
 */
struct pinion_range_key {
	__u32 bits; /* Of `key`. */
	struct pinion_service_key key;
};
static_assert(sizeof(struct pinion_range_key) == 24, "pinned maps keep this layout");

/* Map `service_prefixes`, LPM trie: prefixes of addresses, with one port, or any, which is 0. */
struct pinion_prefix_key {
	__u32 bits; /* Of all that follows. */
	__u8 protocol;
	__u8 zero;
	__be16 port;
	__be32 addr[4];
};
static_assert(sizeof(struct pinion_prefix_key) == 24, "pinned maps keep this layout");

/* What of a key is there before the part that a prefix ends in. */
#define PINION_RANGE_BITS 144 /* Address, protocol and zero. */
#define PINION_PREFIX_BITS 32 /* Protocol, zero and port. */

/* Which of the two there is anything in. */
#define PINION_LISTEN_RANGES 1
#define PINION_LISTEN_PREFIXES 2

/* The slots [slot_base, slot_base + slot_count) of map `slots` are the service's table. A new table
 * is written beside the old one; replacing this value flips to it.
 */
struct pinion_service {
	__u32 index;      /* Of its cursor, in `cursors`. */
	__u32 slot_base;
	__u32 slot_count; /* 0: no real server takes connections. */
	__u8 selection;   /* enum pinion_selection. */
	__u8 zero[3];
	__u32 reserved[12]; /* 0. */
};
static_assert(sizeof(struct pinion_service) == 64, "one cache line");

/* A reference to a real server, as slots and connections hold it: an index into `real_servers` and
 * the generation that the entry had then. An index is reused only after no connection refers to
 * it; the generation shows it where a reference is stale all the same.
 */
#define PINION_INDEX_BITS 24
#define PINION_INDEX(reference) ((reference) & ((1u << PINION_INDEX_BITS) - 1))
#define PINION_GENERATION(reference) ((__u8)((reference) >> PINION_INDEX_BITS))
#define PINION_REFERENCE(index, generation) ((index) | (__u32)(generation) << PINION_INDEX_BITS)

#define PINION_SERVER_USED 1    /* The entry is somebody's. */
#define PINION_SERVER_ACCEPTS 2 /* New connections may start here: in the pool, weight above 0. */
#define PINION_SERVER_UNREACHABLE 4 /* Its next hop has stopped answering. */
#define PINION_SERVER_HERE 8    /* It is the director itself, and has no next hop. */
#define PINION_SERVER_ROUTED 16 /* Its replies go by the director's routes. */
/* It is told of clients, or was at some time: connections may still be of that kind. */
#define PINION_SERVER_TOA 32
#define PINION_SERVER_PROXY 64

#define PINION_TUNNEL_CHECKSUM 1 /* GUE has a checksum over IPv4, too. */

/* What is done to TCP, besides addresses and ports. */
#define PINION_TCP_TOA   1
#define PINION_TCP_PROXY 2
#define PINION_TCP_MSS   4

#define PINION_MSS_AUTO 1 /* pinion_real_server.mss: what fits where the segments go. */

/* Map `real_servers`, array, mmapable: a real server of one service, with all that the rewrite
 * needs, on one cache line. The first three words are read by packets while the daemon changes
 * them: it stores each whole (8 bytes, aligned), so no MAC address is ever seen half-written.
 */
struct pinion_real_server {
	__u8 next_hop[6]; /* Destination MAC. All 0: not resolved. */
	__u8 flags;       /* PINION_SERVER_*. */
	__u8 generation;
	__u8 source[6];   /* Source MAC: that of the egress interface. */
	__be16 port;      /* The real server's; 0: the one that a packet came for. */
	__u32 ifindex;    /* Egress. */
	__u8 method;      /* enum pinion_method. */
	union {
		__u8 tunnel;         /* enum pinion_tunnel, where the method is TUN; */
		__u8 client_address; /* enum pinion_client_address, where it is FULLNAT. */
	};
	__u16 mtu;        /* Of the egress interface. */
	__be32 address[4];
	__be32 tunnel_source[4]; /* The outer header's; 0: not known, or not needed. */
	__u32 service;    /* pinion_service.index: whose server it is. */
	union {
		__be16 tunnel_port;
		__u16 mss; /* Of methods by which replies pass: at most; PINION_MSS_AUTO; or 0. */
	};
	__u8 source_bits; /* So many of tunnel_source's lowest bits, 0 there, vary by flow. */
	__u8 tunnel_flags; /* PINION_TUNNEL_CHECKSUM */
};
static_assert(sizeof(struct pinion_real_server) == 64, "one cache line");

/* Map `load`, array, mmapable: the connections that refer to a real server. Kept by whoever wins
 * the compare-and-swap on the connection's word. Active: ESTABLISHED and UDP. For a second after an
 * upgrade that made the map anew, `inactive` is 2^31 too high (balancer/dataplane/load.h).
 */
struct pinion_load {
	__u32 active;
	__u32 inactive;
	__u32 reserved[2]; /* 0; a scheduler on live load will have its weight and thresholds here. */
} __attribute__((aligned(8))); /* The daemon changes both counts at once. */
static_assert(sizeof(struct pinion_load) == 16, "four real servers share a cache line");

/* Map `last_hops`, array: where a client's packets came from, turned round, which is how replies get
 * back (auto last hop). Connections refer to it by number, which is below 65,536. Number 0 is
 * nobody's; its ifindex counts the numbers that are given out. Map `last_hop_numbers`, hash, finds
 * the number. Both only grow.
 */
#define PINION_LAST_HOPS 65536
struct pinion_last_hop {
	__u8 next_hop[6]; /* Destination MAC. */
	__u16 zero;       /* It is a key, too: padding is named, and 0. */
	__u8 source[6];   /* Source MAC: the one that the client's side sent to. */
	__u16 zero2;
	__u32 ifindex;    /* A VLAN device, where it came in by one. */
	__u32 zero3;
};
static_assert(sizeof(struct pinion_last_hop) == 24, "pinned maps keep this layout");

/* Map `local_addresses`, array, mmapable, one value: where full NAT sends from. Connections refer to
 * an address by its number, which it keeps as long as the tables live; number 0 is nobody's. The
 * pools have the numbers that new connections may take. The daemon writes an address before its
 * number, and the number before the count.
 */
#define PINION_LOCAL_ADDRESSES 256
#define PINION_FIRST_LOCAL_PORT 1024
struct pinion_local_addresses {
	__u32 count4; /* Of numbers in pool4. */
	__u32 count6;
	__u32 first_port; /* What each address has for each real server and protocol: */
	__u32 ports;	  /* so many, from that one on. */
	__u8 pool4[PINION_LOCAL_ADDRESSES];
	__u8 pool6[PINION_LOCAL_ADDRESSES];
	__be32 address[PINION_LOCAL_ADDRESSES][4]; /* By number; all 0: none had it yet. */
};
static_assert(sizeof(struct pinion_local_addresses) == 4624, "pinned maps keep this layout");

/* Map `counters`, array, mmapable: first those of CPU 0, one value for each real server, then those
 * of CPU 1, and so on. The kernel's own per-CPU arrays hold pointers to their values: with thousands
 * of real servers a packet waits for one, and then for the other. A value is one cache line. Bytes
 * are those of the IP packet, as LVS counts. Replies are 0 where they do not pass the director.
 */
struct pinion_counters {
	__u64 packets;
	__u64 bytes;
	__u64 connections;
	__u64 reply_packets;
	__u64 reply_bytes;
	__u64 reserved[3]; /* 0. */
};
static_assert(sizeof(struct pinion_counters) == 64, "one cache line");

/* Map `verdicts`, array, mmapable: by CPU, one counter for each enum pinion_verdict. */
#define PINION_VERDICTS_MOST 128 /* A power of two: a mask keeps a verdict below it. */
struct pinion_verdict_counters {
	__u64 count[PINION_VERDICTS_MOST];
};
static_assert(PINION_VERDICT_COUNT <= PINION_VERDICTS_MOST, "verdicts has a counter for each");

/* Map `replies`, per-CPU array, one value: when the last of the packets that the director answered
 * itself, and of the fragments that it has kept, would have been due at a steady pace, in ns of
 * CLOCK_MONOTONIC. Every start begins anew.
 */
struct pinion_replies {
	__u64 due;
	__u64 held_due;
};
static_assert(sizeof(struct pinion_replies) == 16, "two words");

/* Map `scratch`, per-CPU array, one value: nothing in it outlives the packet. */
#define PINION_MOST_HEADERS 512
struct pinion_scratch {
	__u8 headers[PINION_MOST_HEADERS];
	__u32 insert[16];
	union {
		__u8 option[64];
		__u32 option_words[16];
	};
	__u32 at; /* In `option`. */
	__u32 zero;
	__u64 reply[5]; /* A flow of either family. */
	__u64 change;	/* What new addresses add to a checksum. */
};
static_assert(sizeof(struct pinion_scratch) == 696, "headers, what comes between, options");

/* Maps `connections4` and `connections6`, arrays, mmapable: buckets of four entries.
 *
 * word = sequence << 8 | state. An entry is claimed by a compare-and-swap of the word to the next
 * sequence number with state CLAIMED, filled, and published by a store of its state; a reader
 * reads the word, the entry, and the word again, and takes an entry that changed meanwhile as
 * absent.
 *
 * Where replies pass the director (NAT, full NAT), the connection has another half: an entry of its own in
 * the same table, keyed by what the real server sends. `flags` says which half an entry is; the
 * reply half's `server` is the place (bucket * 4 + way) of the forward half, whose flow names the
 * client and the VIP. The reply half has its state, and is no connection of its own in `load`.
 *
 * Of full NAT, the forward half's flow also says where its packets are sent from: the number of a
 * local address, and a port. Both are 0 in the flow of a packet and in every other entry, and are
 * neither hashed nor compared (local_ports.h). Its reply half has in their place the lowest 23 bits of
 * the sequence number that the client's stream begins with, where the server is told of the client
 * (client_address.h).
 *
 * How what comes next fits without another layout: schedulers on live load read `load`, which every
 * change of state keeps.
 */
#define PINION_PAIRED 1 /* It has a reply half. */
#define PINION_REPLY  2 /* It is one. */
#define PINION_FULLNAT 4 /* It is sent from a local address; with PINION_PAIRED. */
/* Of full NAT's forward half, by enum pinion_client_address, from the client's SYN on: */
#define PINION_TOA    8
#define PINION_PROXY  16
#define PINION_TOLD   32 /* The real server has heard of its client. */

struct pinion_connection {
	__u32 word;
	__u32 seen;     /* Tick of the last packet; of a reply half, of the time it is good for. */
	__u32 server;   /* PINION_REFERENCE; of a reply half, the place of the forward half. */
	__u16 next_hop; /* In `last_hops`; 0: none learned. */
	__u16 flags;
};
static_assert(sizeof(struct pinion_connection) == 16, "pinned maps keep this layout");

struct pinion_flow4 {
	__be32 saddr;
	__be32 daddr;
	__be16 sport;
	__be16 dport;
	__u8 protocol;
	__u8 local; /* Of full NAT's forward half: in `local_addresses`. */
	__be16 local_port;
} __attribute__((aligned(8))); /* Compared and hashed a word at a time. */
static_assert(sizeof(struct pinion_flow4) == 16, "pinned maps keep this layout");

struct pinion_flow6 {
	__be32 saddr[4];
	__be32 daddr[4];
	__be16 sport;
	__be16 dport;
	__u8 protocol;
	__u8 local;
	__be16 local_port;
} __attribute__((aligned(8)));
static_assert(sizeof(struct pinion_flow6) == 40, "pinned maps keep this layout");

#define PINION_WAYS 4 /* Entries in a bucket. */

struct pinion_entry4 {
	struct pinion_connection connection;
	struct pinion_flow4 flow;
};
static_assert(sizeof(struct pinion_entry4) == 32, "two entries share a cache line");

struct pinion_entry6 {
	struct pinion_connection connection;
	struct pinion_flow6 flow;
	__u64 spare;
};
static_assert(sizeof(struct pinion_entry6) == 64, "one entry is one cache line");

struct pinion_bucket4 {
	struct pinion_entry4 entry[PINION_WAYS];
};

struct pinion_bucket6 {
	struct pinion_entry6 entry[PINION_WAYS];
};

/* Buckets in a group. A group is one page, and both buckets that a flow may stand in are in one
 * group: the second costs a cache line, and no second miss in the TLB.
 */
#define PINION_GROUP4 32
#define PINION_GROUP6 16
static_assert(sizeof(struct pinion_bucket4) * PINION_GROUP4 == 4096, "a group is a page");
static_assert(sizeof(struct pinion_bucket6) * PINION_GROUP6 == 4096, "a group is a page");
