/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a client's stream begins: the lowest 23 bits of a sequence number, and whether they are
 * known, in the three bytes of a flow's last word that are no part of the flow. Compiles natively,
 * too.
 */
#pragma once

#include "balancer/bpf/lib/compat.h"

static __always_inline __u64 pinion_with_first(__u64 last, __u32 sequence)
{
	__u32 first = sequence << 1 | 1;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (last & 0xffffffffff) | (__u64)first << 40;
#else
	return (last & ~0xffffffull) | (first & 0xffffff);
#endif
}

/* 0: it is not known. */
static __always_inline __u32 pinion_first_of(__u64 last)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (__u32)(last >> 40);
#else
	return (__u32)last & 0xffffff;
#endif
}

/* How far into the client's stream a sequence number is, within 4 MiB; negative: before it. */
static __always_inline __s32 pinion_stream_offset(__u32 sequence, __u32 first)
{
	return (__s32)((sequence - (first >> 1)) << 9) >> 9;
}
