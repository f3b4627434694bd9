/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The frame leaves with the tags of the interface that it leaves by, whatever tags it came with: by
 * a VLAN device, it leaves by the device below it, with the VLAN's tag, or two; by any other one,
 * without. The priority of its outermost tag goes over to the new one.
 */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>

#include "balancer/bpf/abi/maps.h"
#include "balancer/bpf/forward/forwarding.h"
#include "balancer/bpf/parse/entrance.h"

/* Words of 16 bits in front of the first tag: both MAC addresses. */
#define PINION_MAC_WORDS 6

static __always_inline int pinion_same_tag(struct pinion_tag a, struct pinion_tag b)
{
	return a.protocol == b.protocol && a.vlan == b.vlan;
}

static __always_inline __u32 pinion_count_tags(const struct pinion_tag *tags)
{
	return !!tags[0].protocol + !!tags[1].protocol;
}

/* Does the frame, which has so many, have these? */
static __always_inline int pinion_is_tagged(const __be16 *frame, __u32 count,
					    const struct pinion_tag *tags)
{
	if (count != pinion_count_tags(tags))
		return 0;
	return (count < 1 || pinion_same_tag(pinion_tag_at(frame + 6), tags[0])) &&
	       (count < 2 || pinion_same_tag(pinion_tag_at(frame + 8), tags[1]));
}

/* The frame's own header anew, with these tags, and what it says of what follows them. */
static __always_inline void pinion_put_tags(__u16 *frame, const __u16 *macs,
					    const struct pinion_tag *tags, __be16 priority,
					    __be16 protocol)
{
	__u32 count = pinion_count_tags(tags);

	for (int i = 0; i < PINION_MAC_WORDS; i++)
		frame[i] = macs[i];
	if (count > 0) {
		frame[6] = tags[0].protocol;
		frame[7] = tags[0].vlan | priority;
	}
	if (count > 1) {
		frame[8] = tags[1].protocol;
		frame[9] = tags[1].vlan;
	}
	frame[count == 2 ? 10 : count == 1 ? 8 : 6] = protocol;
}

static __always_inline int pinion_retag(struct xdp_md *ctx, const struct pinion_packet *pkt,
					const struct pinion_vlan_device *to)
{
	__u16 *frame = (void *)(long)ctx->data;
	__u16 macs[PINION_MAC_WORDS];
	__be16 priority = 0, protocol;
	__u32 count, wanted;

	if ((void *)(frame + 11) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	count = pkt->network >= 22 ? 2 : pkt->network >= 18 ? 1 : 0;
	if (pinion_is_tagged((const __be16 *)frame, count, to->tags))
		return PINION_NEXT;
	for (int i = 0; i < PINION_MAC_WORDS; i++)
		macs[i] = frame[i];
	if (count)
		priority = frame[7] & ~bpf_htons(PINION_VLAN_BITS);
	protocol = frame[count == 2 ? 10 : count == 1 ? 8 : 6];
	wanted = pinion_count_tags(to->tags);
	if (count != wanted && bpf_xdp_adjust_head(ctx, 4 * ((int)count - (int)wanted)))
		return PINION_DROP_NO_ROOM;
	frame = (void *)(long)ctx->data;
	if ((void *)(frame + 11) > (void *)(long)ctx->data_end)
		return PINION_DROP_INTERNAL;
	pinion_put_tags(frame, macs, to->tags, priority, protocol);
	return PINION_NEXT;
}

/* After the rewrite. The frame leaves by the device. */
PINION_GLOBAL_FUNC int pinion_leave(struct xdp_md *ctx, struct pinion_packet *pkt)
{
	const struct pinion_vlan_device *vlan;
	struct pinion_vlan_device to = {};

	if (!pkt)
		return PINION_DROP_INTERNAL;
	to.device = pkt->egress; /* The key stands on the stack: Linux 6.1 takes it from nowhere
				    else. */
	vlan = bpf_map_lookup_elem(&vlan_devices, &to.device);
	if (vlan)
		to = *vlan;
	pkt->egress = to.device;
	return pinion_retag(ctx, pkt, &to);
}
