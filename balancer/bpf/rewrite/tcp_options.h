/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TCP options that change. They are copied out of the packet, changed there, and copied back: where
 * in the packet they stand, the verifier need not know then. Their length stays as it is, and their
 * checksum is what all of them sum up to, whichever have changed.
 */
#pragma once

#include "balancer/bpf/rewrite/insert.h"

#define PINION_MOST_OPTIONS 40

#define PINION_OPTION_NOTHING	0x01
#define PINION_OPTION_MSS	2
#define PINION_OPTION_SACK	5
#define PINION_OPTION_MULTIPATH 30
#define PINION_OPTION_FAST_OPEN 34

/* Two that do nothing and a timestamp, which is all that Linux puts into a packet of an open
 * connection that has not lost any; or none.
 */
static __always_inline int pinion_options_are_usual(struct xdp_md *ctx, const struct tcphdr *tcp)
{
	const __be32 *first = (const void *)(tcp + 1);

	if (tcp->doff == sizeof(*tcp) / 4)
		return 1;
	return tcp->doff == 8 && (void *)(first + 1) <= (void *)(long)ctx->data_end &&
	       *first == bpf_htonl(0x0101080a);
}

static __always_inline __u64 pinion_sum_options(const struct pinion_scratch *scratch)
{
	__u64 sum = 0;

	for (int i = 0; i < PINION_MOST_OPTIONS / 4; i++)
		sum += scratch->option_words[i];
	return sum;
}

/* Copies them out; their length, 0: there are none. scratch->change is what they add to the
 * checksum. */
static __always_inline __u32 pinion_read_options(struct xdp_md *ctx,
						 const struct pinion_packet *pkt,
						 struct pinion_scratch *scratch)
{
	struct tcphdr *tcp = (void *)(long)ctx->data + (pkt->transport & 0x3fff);
	__u32 length;

	if ((void *)(tcp + 1) > (void *)(long)ctx->data_end)
		return 0;
	length = tcp->doff * 4u - sizeof(*tcp);
	for (int i = 0; i < PINION_MOST_OPTIONS / 4; i++)
		scratch->option_words[i] = 0;
	if (!length || length > PINION_MOST_OPTIONS)
		return 0;
	if (bpf_xdp_load_bytes(ctx, (pkt->transport & 0x3fff) + sizeof(*tcp), scratch->option,
			       pinion_bound(length, sizeof(scratch->option))))
		return 0;
	scratch->change = pinion_sum_options(scratch);
	return length;
}

/* Copies them back. */
static __always_inline enum pinion_verdict pinion_write_options(struct xdp_md *ctx,
								const struct pinion_packet *pkt,
								struct pinion_scratch *scratch,
								__u32 length)
{
	struct tcphdr *tcp = (void *)(long)ctx->data + (pkt->transport & 0x3fff);
	__u64 before = scratch->change, after = pinion_sum_options(scratch);

	if ((void *)(tcp + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	if (after == before)
		return PINION_NEXT;
	tcp->check = pinion_sum_update(tcp->check, (__u64)(__u16)~pinion_sum_fold(before) +
							   pinion_sum_fold(after));
	if (bpf_xdp_store_bytes(ctx, (pkt->transport & 0x3fff) + sizeof(*tcp), scratch->option,
				pinion_bound(length, sizeof(scratch->option))))
		return PINION_DROP_INTERNAL;
	return PINION_NEXT;
}

/* Where in `option`, of which `length` bytes are options, one of this kind begins; negative: there
 * is none.
 * It keeps in memory how far it has come, and none of its branches meet again: so each step is one
 * to the verifier.
 */
PINION_GLOBAL_FUNC int pinion_find_option(__u32 length, __u32 kind)
{
	struct pinion_scratch *scratch = pinion_scratch();

	if (!scratch || length > PINION_MOST_OPTIONS)
		return -1;
	PINION_STORE(scratch->at, 0);
#pragma clang loop unroll(disable)
	for (int i = 0; i < PINION_MOST_OPTIONS; i++) {
		__u32 at = PINION_LOAD(scratch->at);
		__u32 found = PINION_LOAD(scratch->option[at & 63]);
		__u32 size = PINION_LOAD(scratch->option[(at + 1) & 63]);
		__u32 single = (found ^ PINION_OPTION_NOTHING) - 1; /* All ones: it is. */

		single = (__u32)((__s32)single >> 31);
		PINION_OPAQUE(single);
		size = (size & ~single) | (single & 1);
		if (!found || size < 2 + single || at + size > length)
			return -1;
		if (found == kind)
			return (int)at;
		PINION_STORE(scratch->at, at + size);
	}
	return -1;
}

/* The option that begins at `at` becomes as many bytes that do nothing; negative: there is none. */
PINION_GLOBAL_FUNC int pinion_blank_option(int at)
{
	struct pinion_scratch *scratch = pinion_scratch();
	int size;

	if (!scratch || at < 0)
		return 0;
	size = scratch->option[(at + 1) & 63];
	for (int i = 0; i < PINION_MOST_OPTIONS; i++) {
		if (i >= size)
			break;
		scratch->option[(at + i) & 63] = PINION_OPTION_NOTHING;
	}
	return size;
}

/* The MSS is `most` at most, and then leaves room for `less`, but not for nothing. */
static __always_inline void pinion_lower_mss(struct pinion_scratch *scratch, __u32 length,
					     __u32 most, __u32 less)
{
	const __u32 least = 88; /* Linux's TCP_MIN_MSS. */
	int at = pinion_find_option(length, PINION_OPTION_MSS);
	__u32 mss;

	if (at < 0 || scratch->option[(at + 1) & 63] != 4)
		return;
	mss = (__u32)scratch->option[(at + 2) & 63] << 8 | scratch->option[(at + 3) & 63];
	if (most && mss > most)
		mss = most;
	if (mss >= least + less)
		mss -= less;
	scratch->option[(at + 2) & 63] = (__u8)(mss >> 8);
	scratch->option[(at + 3) & 63] = (__u8)mss;
}

/* `less` is taken from both edges of each block. */
static __always_inline void pinion_lower_sack(struct pinion_scratch *scratch, __u32 length,
					      __u32 less)
{
	int at = pinion_find_option(length, PINION_OPTION_SACK);
	int size;

	if (at < 0)
		return;
	size = scratch->option[(at + 1) & 63];
	for (int edge = 2; edge + 4 <= PINION_MOST_OPTIONS; edge += 4) {
		__u32 value = 0;

		if (edge + 4 > size)
			break;
		for (int i = 0; i < 4; i++)
			value = value << 8 | scratch->option[(at + edge + i) & 63];
		value -= less;
		for (int i = 0; i < 4; i++)
			scratch->option[(at + edge + i) & 63] = (__u8)(value >> (24 - 8 * i));
	}
}
