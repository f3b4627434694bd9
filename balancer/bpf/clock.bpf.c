// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The clock for the daemon, which runs this program to read it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "balancer/bpf/lib/clock.h"

char pinion_license[] SEC("license") = "Dual BSD/GPL";

SEC("syscall")
int pinion_read_clock(void *ctx)
{
	(void)ctx;
	return (int)pinion_now();
}
