// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Presents one packet after another to a program under test, which is not changed for it.
 *
 * BPF_PROG_TEST_RUN repeats a program on one buffer and restores neither content nor head, so each
 * iteration does: it moves the head back, writes the headers of the next flow, and calls the
 * program by a tail call out of a function, which therefore returns here with the action.
 *
 * Stores are as wide as the loads of those who parse: a load that spans several stores which are
 * still in the CPU's store buffer has to wait for them, as no frame from a network card would.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "tests/bench/bpf/plan.h"

char bench_license[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} programs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BENCH_LOCAL_ENDS);
	__type(key, __u32);
	__type(value, struct bench_end);
} local_ends SEC(".maps");

struct bench_plan plan;
struct bench_proof proof;
__u64 turn;			 /* Of a sequential pick. */
__u64 dice = 0x853c49e6748fea9b; /* Never 0. */

/* xorshift64* (G. Marsaglia, "Xorshift RNGs", 2003; S. Vigna, 2016). */
static __always_inline __u32 bench_random(void)
{
	__u64 next = dice;

	next ^= next >> 12;
	next ^= next << 25;
	next ^= next >> 27;
	dice = next;
	return (__u32)((next * 0x2545f4914f6cdd1d) >> 32);
}

static __always_inline __u64 bench_next(void)
{
	if (plan.pick == BENCH_RANDOM)
		return plan.first + (((__u64)bench_random() * plan.flows) >> 32);
	if (plan.pick == BENCH_SEQUENTIAL) {
		__u64 now = turn;

		turn = now + 1 < plan.flows ? now + 1 : 0;
		return plan.first + now;
	}
	return plan.first;
}

static __always_inline __u16 bench_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

struct bench_ethernet {
	__u16 word[7];
};

/* `port` is the client's. A sum does not depend on who sends. */
static __always_inline void bench_write_tcp(struct tcphdr *tcp, __be16 port, __u64 addresses)
{
	const __be16 other = plan.frame.tcp.dest;

	*tcp = plan.frame.tcp;
	*(__u32 *)&tcp->source =
		plan.sender == BENCH_CLIENT ? port | (__u32)other << 16 : other | (__u32)port << 16;
	tcp->check = bench_fold(plan.frame.tcp_sum + addresses + port);
}

static __always_inline int bench_write4(void *at, void *end, __be32 client, __be32 vip, __be16 port)
{
	const int is_reply = plan.sender != BENCH_CLIENT;
	const __be32 other = is_reply ? bpf_htonl(BENCH_SERVERS + 1) : vip;
	struct iphdr *ip = at;
	struct tcphdr *tcp = (void *)(ip + 1);
	const __u64 addresses = (__u64)client + other;

	if ((void *)(tcp + 1) > end)
		return -1;
	*ip = plan.frame.ip;
	ip->saddr = is_reply ? other : client;
	ip->daddr = is_reply ? client : other;
	ip->check = bench_fold(plan.frame.ip_sum + addresses);
	bench_write_tcp(tcp, port, addresses);
	return 0;
}

static __always_inline int bench_write6(void *at, void *end, __be32 client, __be32 vip, __be16 port)
{
	struct ipv6hdr *ip = at;
	struct tcphdr *tcp = (void *)(ip + 1);

	if ((void *)(tcp + 1) > end)
		return -1;
	*ip = plan.frame.ip6;
	ip->saddr.in6_u.u6_addr32[3] = client;
	ip->daddr.in6_u.u6_addr32[3] = vip;
	bench_write_tcp(tcp, port, (__u64)client + vip);
	return 0;
}

static __always_inline int bench_write(struct xdp_md *ctx)
{
	const __u64 number = bench_next();
	const struct bench_flow flow = bench_flow_of(number, plan.services ? plan.services : 1);
	struct bench_ethernet *ethernet = (void *)(long)ctx->data;
	const __be32 vip = bpf_htonl(plan.vips + flow.service);
	__be32 client = bpf_htonl(flow.client);
	__be16 port = bpf_htons(flow.port);
	void *end = (void *)(long)ctx->data_end;

	if ((void *)(ethernet + 1) > end)
		return -1;
	*ethernet = *(struct bench_ethernet *)plan.frame.ethernet;
	if (plan.sender == BENCH_SERVER_TO_LOCAL) {
		const __u32 place = (__u32)number;
		const struct bench_end *local = bpf_map_lookup_elem(&local_ends, &place);

		if (!local)
			return -1;
		client = local->address;
		port = local->port;
	}
	if (plan.is_v6)
		return bench_write6(ethernet + 1, end, client, vip, port);
	return bench_write4(ethernet + 1, end, client, vip, port);
}

/* In 64 bits, which the compiler is kept from narrowing: these are addresses to the verifier. */
static __always_inline long bench_length(struct xdp_md *ctx)
{
	long length = (long)ctx->data_end - (long)ctx->data;

	asm volatile("" : "+r"(length));
	return length;
}

/* A function of its own, whose frame the tail call replaces. Global, so that nobody concludes what
 * it returns.
 */
__attribute__((noinline)) int bench_call(struct xdp_md *ctx)
{
	int action = BENCH_NOT_RUN;

	bpf_tail_call(ctx, &programs, plan.program);
	asm volatile("" : "+r"(action));
	return action;
}

SEC("xdp.frags")
int bench_driver(struct xdp_md *ctx)
{
	__u32 action;

	if (bpf_xdp_adjust_head(ctx, (int)(bench_length(ctx) - plan.frame.length)) ||
	    bench_write(ctx))
		return XDP_ABORTED;
	action = (__u32)bench_call(ctx);
	proof.actions[action & (BENCH_ACTIONS - 1)]++;
	proof.resized += bench_length(ctx) != plan.frame.length + plan.grown;
	return (int)action;
}

SEC("xdp.frags")
int bench_pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}
