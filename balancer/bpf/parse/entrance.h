/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a packet came in, where there are VLAN devices or bonds. The program is on the device below
 * them, and sees the frames of all its VLANs, of which director.interfaces may name a few; and on a
 * bond, natively, it runs on whichever port a frame came in by. The map `entrances` has what is
 * ours to take. The stack takes a tag of VLAN 0, which is a priority alone, for none, and so do we.
 */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "balancer/bpf/abi/maps.h"
#include "balancer/bpf/parse/packet.h"

#define PINION_VLAN_BITS 0x0fff /* Of a tag; what is above them is its priority. */

/* Where the driver has it. The compiler must not make one load of this and of another place, from
 * an address that it chooses: the verifier wants to see that it is the context's.
 */
static __always_inline __u32 pinion_driver_ifindex(const struct xdp_md *ctx)
{
	__u32 ifindex = ctx->ingress_ifindex;

	PINION_OPAQUE(ifindex);
	return ifindex;
}

/* The interface that the packet came in by: a VLAN device, where it has its tags. 0: it has none
 * here.
 */
static __always_inline __u32 pinion_interface(const struct xdp_md *ctx,
					      const struct pinion_packet *pkt)
{
	__u32 ifindex = pinion_driver_ifindex(ctx);

	return PINION_CONSTANT(VLANS) ? pkt->interface : ifindex;
}

/* And the device that the program is on. */
static __always_inline __u32 pinion_device(const struct xdp_md *ctx,
					   const struct pinion_packet *pkt)
{
	__u32 ifindex = pinion_driver_ifindex(ctx);

	return PINION_CONSTANT(VLANS) ? pkt->device : ifindex;
}

static __always_inline struct pinion_tag pinion_tag_at(const __be16 *at)
{
	struct pinion_tag tag = {at[0], at[1] & bpf_htons(PINION_VLAN_BITS)};

	return tag;
}

static __always_inline void pinion_entrance_of(const struct pinion_packet *pkt, const __be16 *frame,
					       struct pinion_entrance_key *key)
{
	const struct pinion_tag none = {};

	if (pkt->network >= 18)
		key->tags[0] = pinion_tag_at(frame + 6);
	if (pkt->network >= 22)
		key->tags[1] = pinion_tag_at(frame + 8);
	if (!key->tags[1].vlan)
		key->tags[1] = none;
	if (!key->tags[0].vlan) {
		key->tags[0] = key->tags[1];
		key->tags[1] = none;
	}
}

/* Says where the packet came in. False: it is not ours to take. */
PINION_GLOBAL_FUNC int pinion_enter(struct xdp_md *ctx, struct pinion_packet *pkt)
{
	struct pinion_entrance_key key = {.ifindex = ctx->ingress_ifindex};
	const __be16 *frame = (void *)(long)ctx->data;
	const struct pinion_entrance *entrance;

	if (!pkt || (void *)(frame + 11) > (void *)(long)ctx->data_end)
		return 0;
	pinion_entrance_of(pkt, frame, &key);
	entrance = bpf_map_lookup_elem(&entrances, &key);
	if (!entrance) {
		const struct pinion_entrance_key any = {
			.ifindex = key.ifindex,
			.tags = {{.protocol = PINION_ANY_TAGS}},
		};

		entrance = bpf_map_lookup_elem(&entrances, &any);
	}
	if (!entrance)
		return 0;
	pkt->interface = entrance->ifindex;
	pkt->device = entrance->device;
	return 1;
}
