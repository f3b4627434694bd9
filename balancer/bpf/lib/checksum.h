/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The Internet checksum, kept right while parts of what it covers change (RFC 1624, equation 3:
 * HC' = ~(~HC + ~m + m')). What is added up in one's complement may be added in any width and any
 * order, and is folded once at the end.
 */
#pragma once

#include <linux/types.h>

#include "balancer/bpf/lib/compat.h"

/* What replacing a word adds; the words are as they lie in the packet. */
static __always_inline __u64 pinion_sum_change(__u32 before, __u32 after)
{
	return (__u64)(__u32)~before + after;
}

static __always_inline __u16 pinion_sum_fold(__u64 sum)
{
	sum = (sum >> 32) + (__u32)sum;
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (__u16)((sum >> 16) + sum);
}

static __always_inline __u16 pinion_sum_update(__u16 checksum, __u64 changes)
{
	return (__u16)~pinion_sum_fold((__u16)~checksum + changes);
}
