/* SPDX-License-Identifier: Apache-2.0 */
/* What the driver and the program that runs it agree on: the flows, and what a run is to do. */
#pragma once

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/types.h>

#define BENCH_CLIENTS  0x0a000000u /* 10.0.0.0/8 */
#define BENCH_VIPS     0xac100000u /* 172.16.0.0/12, one for each service. */
#define BENCH_STRANGER 0xc0a80001u /* 192.168.0.1, nobody's VIP. */
#define BENCH_SERVERS  0xc0a81000u /* 192.168.16.0/20: the first real server has .1. */
#define BENCH_LOCAL    0xc0a80002u /* 192.168.0.2, where full NAT sends from. */
#define BENCH_DIRECTOR 0xc0a80003u /* And tunnels. */
#define BENCH_PORT     80
#define BENCH_NET6     0xfd000000u /* IPv6 addresses: this, 64 bits of 0, and the IPv4 one's. */

/* A flow as a number tells it; different numbers below 2^40 are different flows. */
struct bench_flow {
	__u32 client;  /* Host byte order, as all of it. */
	__u32 service; /* From 0. */
	__u16 port;    /* The client's. */
};

/* One to one on 40 bits, so that neighbouring numbers share neither address nor bucket. */
static inline __attribute__((always_inline)) __u64 bench_scramble(__u64 number)
{
	const __u64 mask = (1ull << 40) - 1;

	number = (number * 0x9e3779b97f4a7c15ull) & mask;
	number ^= number >> 21;
	number = (number * 0xbf58476d1ce4e5b9ull) & mask;
	return number ^ number >> 19;
}

static inline __attribute__((always_inline)) struct bench_flow bench_flow_of(__u64 number,
									     __u32 services)
{
	const __u64 bits = bench_scramble(number);
	struct bench_flow flow = {
		BENCH_CLIENTS + (__u32)(bits & 0xffffff),
		(__u32)number % services,
		(__u16)(bits >> 24),
	};

	return flow;
}

/* How the driver picks the next flow out of [first, first + flows). */
enum bench_pick {
	BENCH_FIXED,
	BENCH_SEQUENTIAL,
	BENCH_RANDOM,
};

/* Who sends a flow's packets: its client, or the first real server, with the port BENCH_PORT, to
 * the client, or to the end that full NAT gave the flow.
 */
enum bench_sender {
	BENCH_CLIENT,
	BENCH_SERVER,
	BENCH_SERVER_TO_LOCAL,
};

#define BENCH_LOCAL_ENDS 65536
/* Map `local_ends`, by the flow's number. */
struct bench_end {
	__be32 address;
	__be16 port;
	__u16 zero;
};

/* The frame that flows are written into. The sums are those of everything but what a flow changes:
 * addresses and the client's port.
 */
struct bench_template {
	__u16 ethernet[7];
	__u16 length; /* Of the frame. */
	struct iphdr ip;
	struct ipv6hdr ip6;
	struct tcphdr tcp;
	__u32 ip_sum;
	__u32 tcp_sum;
};

struct bench_plan {
	__u64 first;
	__u32 flows;
	__u32 pick; /* enum bench_pick */
	__u32 services;
	__u32 vips;    /* The first VIP, host byte order. */
	__u32 program; /* Its place in `programs`. */
	__u32 is_v6;
	__u32 sender; /* enum bench_sender; servers send IPv4 only. */
	__s32 grown;  /* How much longer a frame comes back. */
	struct bench_template frame;
};

#define BENCH_ACTIONS 8
#define BENCH_NOT_RUN 7 /* In the place of an action: there is no such program. */

/* What became of the frames. */
struct bench_proof {
	__u64 actions[BENCH_ACTIONS];
	__u64 resized; /* Frames that came back with another length than planned. */
};
