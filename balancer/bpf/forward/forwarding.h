/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a forwarding method is told, and what it answers. Each is a function
 *
 *   enum pinion_verdict pinion_forward_<keyword>(struct xdp_md *ctx, struct pinion_forwarding *way)
 *
 * that rewrites the packet. PINION_NEXT: it can be sent; else the verdict says why not.
 */
#pragma once

#include <linux/bpf.h>

#include "balancer/bpf/lib/mac_word.h"
#include "balancer/bpf/parse/packet.h"

struct pinion_forwarding {
	struct pinion_packet *pkt; /* The answer: pkt->egress. */
	const struct pinion_real_server *server;
	pinion_mac_word hop; /* The server's next hop and flags, read whole. */
};
