/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A real server's packet, back to its client, where replies pass the director. */
#pragma once

#include "balancer/bpf/forward/fullnat.h"
#include "balancer/bpf/forward/nat.h"
#include "balancer/bpf/reply/way_back.h"

static __always_inline enum pinion_verdict pinion_forward_reply(struct xdp_md *ctx,
								struct pinion_forwarding *way)
{
	struct pinion_way_back back = {};
	int failed = pinion_find_way_back(ctx, way, &back);

	if (!failed && PINION_CONSTANT(FULLNAT) && way->server->method == PINION_METHOD_FULLNAT)
		failed = pinion_reply_by_fullnat(ctx, way->pkt);
	else if (!failed)
		failed = pinion_reply_by_nat(ctx, way->pkt);
	return failed ? (enum pinion_verdict)failed : pinion_go_back(ctx, way, &back);
}
