// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a packet costs at least: the floors that budgets are ratios to.
 *
 * A: parse, and a hit in an LRU hash with a 40-byte key, what XDP load balancers are built on.
 * B: parse, and one cache line of an array: the physical limit.
 *
 * Both answer XDP_TX when they found what they looked for.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "tests/bench/bpf/floors.h"

char floors_license[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct floor_key);
	__type(value, struct floor_value);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct floor_line);
} lines SEC(".maps");

const volatile __u32 floor_lines = 1;

static __always_inline int floor_parse(struct xdp_md *ctx, struct floor_key *key)
{
	struct ethhdr *ethernet = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(ethernet + 1);
	struct tcphdr *tcp = (void *)(ip + 1);

	if ((void *)(tcp + 1) > (void *)(long)ctx->data_end)
		return -1;
	if (ethernet->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5 ||
	    ip->protocol != IPPROTO_TCP || ip->frag_off & bpf_htons(0x3fff))
		return -1;
	key->source[0] = ip->saddr;
	key->destination[0] = ip->daddr;
	key->ports[0] = tcp->source;
	key->ports[1] = tcp->dest;
	key->protocol = ip->protocol;
	return 0;
}

SEC("xdp.frags")
int floor_a(struct xdp_md *ctx)
{
	struct floor_key key = {};
	struct floor_value *value;

	if (floor_parse(ctx, &key))
		return XDP_DROP;
	value = bpf_map_lookup_elem(&flows, &key);
	return value && value->server ? XDP_TX : XDP_PASS;
}

SEC("xdp.frags")
int floor_b(struct xdp_md *ctx)
{
	struct floor_key key = {};
	struct floor_line *line;
	__u32 index;

	if (floor_parse(ctx, &key))
		return XDP_DROP;
	index = (key.source[0] + key.ports[0]) * 0x9e3779b1u;
	index = (__u32)(((__u64)index * floor_lines) >> 32);
	line = bpf_map_lookup_elem(&lines, &index);
	return line && !line->word[0] ? XDP_TX : XDP_PASS;
}
