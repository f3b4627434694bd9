/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage 6: the rewrite by the real server's forwarding method, and its counters. */
#pragma once

#include "balancer/bpf/abi/maps.h"
#include "balancer/bpf/conntrack/connect.h"
#include "balancer/bpf/forward/dr.h"
#include "balancer/bpf/forward/fullnat.h"
#include "balancer/bpf/forward/local.h"
#include "balancer/bpf/forward/nat.h"
#include "balancer/bpf/forward/tun.h"
#include "balancer/bpf/parse/packet.h"
#include "balancer/bpf/reply/reply.h"
#include "balancer/bpf/rewrite/syn.h"
#include "balancer/bpf/rewrite/vlan.h"

/* The chosen real server's. Looked up, and touched, before the rewrite: with many real servers
 * their line and that of `real_servers` come from memory, and so at the same time.
 */
static __always_inline struct pinion_counters *pinion_touch_counters(__u32 reference)
{
	struct pinion_counters *count = pinion_counters_of(reference);

	if (count) {
		__u64 touched = PINION_LOAD(count->packets);

		asm volatile("" : : "r"(touched));
	}
	return count;
}

/* For packets that have left. */
static __always_inline void pinion_count_packet(struct pinion_counters *count,
						const struct pinion_packet *pkt)
{
	__u64 bytes = pkt->bytes;

	if (!count)
		return;
	if (PINION_CONSTANT(CROSSES) && pkt->crossing == PINION_CROSSED) /* As it came. */
		bytes -= (__u64)(__s64)pkt->stretch;
	if (pkt->is_reply) {
		count->reply_packets++;
		count->reply_bytes += bytes;
	} else {
		count->packets++;
		count->bytes += bytes;
	}
}

static __always_inline enum pinion_verdict pinion_rewrite(struct xdp_md *ctx,
							  struct pinion_forwarding *way)
{
	__u8 method = way->server->method;

	if (PINION_CONSTANT(TWO_SIDED) && way->pkt->is_reply)
		return pinion_forward_reply(ctx, way);
/* clang-format off */
#define X(NAME, keyword, text)                                                             \
	if (PINION_CONSTANT(NAME) && method == PINION_METHOD_##NAME) \
		return pinion_forward_##keyword(ctx, way);
	PINION_FORWARDING_METHODS(X)
/* clang-format on */
#undef X
	return PINION_DROP_INTERNAL;
}

/* `verdict` is that of the stages before; it stands if the packet can be sent. */
static __always_inline enum pinion_verdict
pinion_forward(struct xdp_md *ctx, struct pinion_packet *pkt, enum pinion_verdict verdict)
{
	const struct pinion_real_server *server = pinion_server(pkt->reference);
	struct pinion_forwarding way = {
		.pkt = pkt,
		.server = server,
		.hop = pinion_hop(server, pkt->reference),
	};
	enum pinion_verdict failed;

	if (!server || !way.hop)
		return PINION_DROP_INTERNAL;
	failed = pinion_rewrite(ctx, &way);
	if (!failed && (PINION_CONSTANT(TELLS) || PINION_CONSTANT(CLAMPS)) &&
	    pkt->tcp_flags & PINION_TCP_SYN)
		failed = (enum pinion_verdict)pinion_tune_syn(ctx, pkt);
	if (PINION_CONSTANT(VLANS) && !failed && pkt->egress)
		failed = (enum pinion_verdict)pinion_leave(ctx, pkt);
	return failed ? failed : verdict;
}
