/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Direct routing: the frame goes to the real server's MAC address, the packet stays as it is. The
 * real server has the VIP on an interface that does not answer ARP, and replies to the client.
 */
#pragma once

#include <linux/if_ether.h>

#include "balancer/bpf/forward/forwarding.h"
#include "balancer/bpf/reply/too_big.h"

static __always_inline enum pinion_verdict pinion_forward_dr(struct xdp_md *ctx,
							     struct pinion_forwarding *way)
{
	struct ethhdr *ethernet;

	if (!pinion_resolved(way->hop))
		return PINION_DROP_NO_NEIGHBOUR;
	if (pinion_outgrows(ctx, way))
		return (enum pinion_verdict)pinion_too_big(ctx, way->pkt, way->server->mtu);
	ethernet = (void *)(long)ctx->data;
	if ((void *)(ethernet + 1) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	pinion_put_mac(ethernet->h_dest, way->hop);
	pinion_put_mac(ethernet->h_source, pinion_load_mac(way->server->source));
	way->pkt->egress = way->server->ifindex;
	return PINION_NEXT;
}
