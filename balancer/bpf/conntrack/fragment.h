/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* IP fragments. Only the first one of a packet has the ports; it is handled as any packet is, and
 * what became of it is remembered for those that follow, which share its verdict and its way.
 *
 * One that comes ahead of the first, as happens where a network card spreads them over its queues,
 * is handed to the daemon, which presents it again as soon as the first has come. If that does not
 * come soon, the daemon says so in its place, and so those that follow it are dropped.
 *
 * What is remembered is forgotten with the last of the packet's bytes, since its sender may use the
 * identification again, or after as long as a receiver waits for them. A fragment
 * that overlaps the first one's ports (RFC 1858) is for the real server to refuse.
 */
#pragma once

#include "balancer/bpf/abi/actions.h"
#include "balancer/bpf/conntrack/connect.h"
#include "balancer/bpf/lib/clock.h"
#include "balancer/bpf/parse/entrance.h"
#include "balancer/bpf/parse/parse.h"

#define PINION_FRAGMENT_TICKS 28610u /* 30 s: Linux's ipfrag_time. */

/* Fragments that the daemon gets, of each CPU. */
#define PINION_HELD_EVERY 100000ull /* ns */
#define PINION_HELD_BURST 100

static __u32 pinion_ids;

/* One that no packet had for a while. */
static __always_inline __be16 pinion_draw_id(void)
{
	return bpf_htons((__u16)__sync_fetch_and_add(&pinion_ids, 1));
}

static __always_inline void pinion_fragment_key4(const struct pinion_packet *pkt,
						 struct pinion_fragment_key *key)
{
	key->saddr[2] = key->daddr[2] = bpf_htonl(0xffff);
	key->saddr[3] = pkt->flow4.saddr;
	key->daddr[3] = pkt->flow4.daddr;
	key->protocol = pkt->flow4.protocol;
}

static __always_inline void pinion_fragment_key6(const struct pinion_packet *pkt,
						 struct pinion_fragment_key *key)
{
	__builtin_memcpy(key->saddr, pkt->flow6.saddr, 16);
	__builtin_memcpy(key->daddr, pkt->flow6.daddr, 16);
	if (pkt->crossing && pkt->is_reply) /* It came as IPv4. */
		key->protocol = pkt->flow6.protocol;
}

/* By the ends that the packet came with: full NAT's reply was sent to a local address. */
static __always_inline struct pinion_fragment_key
pinion_fragment_key(const struct pinion_packet *pkt)
{
	struct pinion_fragment_key key = {.id = pkt->id};

	if (pkt->is_v6)
		pinion_fragment_key6(pkt, &key);
	else
		pinion_fragment_key4(pkt, &key);
	if (PINION_CONSTANT(FULLNAT) && pkt->is_reply && pkt->local) {
		const __be32 *local = pinion_local_address(pkt->local);

		if (local)
			__builtin_memcpy(key.daddr, local, 16);
	}
	return key;
}

/* What the packet adds to pinion_fragment.progress. */
static __always_inline __u32 pinion_progress(const struct pinion_packet *pkt)
{
	__u16 bytes = (__u16)(pkt->bytes - (pkt->transport - pkt->network));
	__u16 place = bpf_ntohs(pkt->fragment);
	__u32 all = place & 0x2000 ? 0 : (place & 0x1fff) * 8u + bytes;

	return bytes | (all & 0xffff) << 16;
}

/* What became of the first fragment. That of a packet which nobody could take for ours is not
 * worth a place.
 */
PINION_GLOBAL_FUNC int pinion_remember(const struct pinion_packet *pkt, __u32 verdict)
{
	struct pinion_scratch *scratch = pinion_scratch();
	struct pinion_fragment *first;
	struct pinion_fragment_key key;

	if (!pkt || !scratch)
		return 0;
	if (pinion_action_of(verdict) != PINION_ACTION_FORWARD && !pinion_may_be_ours(pkt))
		return 0;
	key = pinion_fragment_key(pkt);
	first = (struct pinion_fragment *)scratch->headers;
	__builtin_memset(first, 0, sizeof(*first));
	first->seen = pinion_now();
	first->reference = pkt->reference;
	first->hash = pkt->hash;
	first->ifindex = pkt->egress;
	first->last_hop = pkt->last_hop;
	first->id = pkt->new_id;
	first->local_port = pkt->local_port;
	first->local = pkt->local;
	first->is_reply = pkt->is_reply;
	first->crosses = pkt->crossing != PINION_CROSSES_NOT;
	first->verdict = (__u8)verdict;
	first->progress = pinion_progress(pkt);
	if (pkt->is_reply) {
		__builtin_memcpy(first->address, pkt->address, 16);
		if (pkt->is_v6)
			__builtin_memcpy(first->client, pkt->flow6.daddr, 16);
		else
			first->client[0] = pkt->flow4.daddr;
	}
	bpf_map_update_elem(&fragments, &key, first, BPF_ANY);
	return 0;
}

static __always_inline int pinion_may_hold(__u64 now)
{
	const __u32 first = 0;
	struct pinion_replies *pace = bpf_map_lookup_elem(&replies, &first);
	__u64 saved = now - PINION_HELD_BURST * PINION_HELD_EVERY;
	__u64 due;

	if (!pace)
		return 0;
	due = pace->held_due > saved ? pace->held_due : saved;
	if (due > now)
		return 0;
	pace->held_due = due + PINION_HELD_EVERY;
	return 1;
}

/* Hands the frame to the daemon. */
static __always_inline enum pinion_verdict pinion_keep(struct xdp_md *ctx,
						       const struct pinion_packet *pkt,
						       const struct pinion_fragment_key *key)
{
	__u32 bytes = (__u32)bpf_xdp_get_buff_len(ctx);
	__u64 now = bpf_ktime_get_coarse_ns();
	struct pinion_early_fragment *early;

	if (bytes < ETH_HLEN || bytes > PINION_EARLY_BYTES || !pinion_may_hold(now))
		return PINION_DROP_FRAGMENT;
	early = bpf_ringbuf_reserve(&early_fragments, sizeof(*early), 0);
	if (!early)
		return PINION_DROP_FRAGMENT;
	early->key = *key;
	early->ifindex = pinion_driver_ifindex(ctx);
	early->device = pinion_device(ctx, pkt);
	early->bytes = bytes;
	early->zero = 0;
	early->now = now;
	if (bpf_xdp_load_bytes(ctx, 0, early->frame, bytes)) {
		bpf_ringbuf_discard(early, 0);
		return PINION_DROP_FRAGMENT;
	}
	bpf_ringbuf_submit(early, 0);
	return PINION_HOLD_FRAGMENT;
}

/* The packet gets all that the first one's connection had to say. */
static __always_inline void pinion_go_after(struct pinion_packet *pkt,
					    const struct pinion_fragment *first)
{
	pkt->reference = first->reference;
	pkt->hash = first->hash;
	pkt->last_hop = first->last_hop;
	pkt->new_id = first->id;
	pkt->local_port = first->local_port;
	pkt->local = first->local;
	pkt->is_reply = first->is_reply;
	if (!first->is_reply)
		return;
	if (PINION_CONSTANT(CROSSES) && first->crosses) {
		pinion_map_flow(pkt);
		pinion_begin_crossing(pkt);
	}
	__builtin_memcpy(pkt->address, first->address, 16);
	if (pkt->is_v6)
		__builtin_memcpy(pkt->flow6.daddr, first->client, 16);
	else
		pkt->flow4.daddr = first->client[0];
}

/* A copy counts twice, and then it may be forgotten too early, or too late. */
static __always_inline void pinion_forget_complete(const struct pinion_packet *pkt,
						   const struct pinion_fragment_key *key,
						   struct pinion_fragment *first)
{
	__u32 more = pinion_progress(pkt);
	__u32 now = __sync_fetch_and_add(&first->progress, more) + more;

	if (now >> 16 && (now & 0xffff) >= now >> 16)
		bpf_map_delete_elem(&fragments, key);
}

/* The verdict of those that follow. */
static __always_inline enum pinion_verdict pinion_share(__u8 verdict)
{
	switch (pinion_action_of(verdict)) {
	case PINION_ACTION_FORWARD:
		return PINION_FORWARD_FRAGMENT;
	case PINION_ACTION_PASS:
		return PINION_PASS_FRAGMENT;
	case PINION_ACTION_REPLY:
		return PINION_DROP_TOO_BIG;
	default:
		return (enum pinion_verdict)verdict;
	}
}

/* A fragment that is not the first. */
PINION_GLOBAL_FUNC int pinion_follow(struct xdp_md *ctx, struct pinion_packet *pkt)
{
	struct pinion_fragment *first;
	struct pinion_fragment_key key;
	__u32 now = pinion_now();
	__u8 verdict;

	if (!pkt)
		return PINION_DROP_INTERNAL;
	if (PINION_CONSTANT(VLANS) && !pinion_enter(ctx, pkt))
		return PINION_PASS_OTHER_VLAN;
	key = pinion_fragment_key(pkt);
	first = bpf_map_lookup_elem(&fragments, &key);
	if (first && (__s32)(now - first->seen) > (__s32)PINION_FRAGMENT_TICKS) {
		bpf_map_delete_elem(&fragments,
				    &key); /* Or the daemon would take it for the first. */
		first = 0;
	}
	if (!first)
		return pinion_keep(ctx, pkt, &key);
	verdict = first->verdict;
	if (pinion_action_of(verdict) == PINION_ACTION_FORWARD)
		pinion_go_after(pkt, first);
	pinion_forget_complete(pkt, &key, first);
	return pinion_share(verdict);
}
