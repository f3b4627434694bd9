/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The connection tables' clock: the kernel's jiffies, in ticks (abi.h). On 64-bit machines
 * bpf_jiffies64() is one load that the verifier inlines; bpf_ktime_get_coarse_ns() is a call, which
 * took half of a known connection's time.
 *
 * - jiffies_64 is one word for all CPUs, and never goes back.
 * - It begins at 2^32 - 300 * HZ: the kernel lets its lower half wrap five minutes after the boot,
 *   so that whoever reads only that half fails early. The upper half counts on.
 * - Of the product only bits 20 to 51 count: it may overflow, which takes 584 years.
 * - A tick that is shorter than a jiffy is seen by nobody: at HZ = 100 the clock moves on by nine
 * or ten ticks at once.
 */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "balancer/bpf/abi/abi.h"
#include "balancer/bpf/abi/constants.h"

static __always_inline __u32 pinion_now(void)
{
	return (__u32)(bpf_jiffies64() * PINION_CONSTANT(NS_PER_JIFFY) >> PINION_TICK_SHIFT) +
	       (__u32)PINION_CONSTANT(TICK_OFFSET);
}
