/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A real server on the director itself: the packet goes to the stack as it came. The VIP is one of
 * the director's addresses, so whatever listens on it, or on any address, has the connection.
 */
#pragma once

#include "balancer/bpf/forward/forwarding.h"

static __always_inline enum pinion_verdict pinion_forward_local(struct xdp_md *ctx,
								struct pinion_forwarding *way)
{
	(void)ctx;
	(void)way; /* pkt->egress is 0. */
	return PINION_NEXT;
}
