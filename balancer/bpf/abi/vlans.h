/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of abi.h that is for VLAN devices and bonds. */
#pragma once

#include <linux/types.h>

/* A VLAN tag as a frame has it, but for its priority. All 0: there is none. */
struct pinion_tag {
	__be16 protocol; /* 802.1Q's or 802.1ad's. */
	__be16 vlan;
};
static_assert(sizeof(struct pinion_tag) == 4, "a tag is compared as a word");

#define PINION_VLAN_TAGS 2	/* So many are followed. */
#define PINION_ANY_TAGS	 0xffff /* A first tag's `protocol` in a key: whatever tags there are. */

/* Map `entrances`, hash: whose the frames are that come in so. The outermost tag is the first. Used
 * where there are VLAN devices or bonds; others have pass.
 */
struct pinion_entrance_key {
	__u32 ifindex; /* The device's, or that of a port of the bond. */
	struct pinion_tag tags[PINION_VLAN_TAGS];
};
static_assert(sizeof(struct pinion_entrance_key) == 12, "pinned maps keep this layout");

struct pinion_entrance {
	__u32 ifindex; /* The VLAN device, or the device itself. 0: a VLAN that has no device. */
	__u32 device;  /* That the program is on: the bond, where it came in by a port. */
};
static_assert(sizeof(struct pinion_entrance) == 8, "pinned maps keep this layout");

/* Map `vlan_devices`, hash, by ifindex: what leaves by a VLAN device leaves by the device below it,
 * with these tags.
 */
struct pinion_vlan_device {
	__u32 device;
	struct pinion_tag tags[PINION_VLAN_TAGS];
};
static_assert(sizeof(struct pinion_vlan_device) == 12, "pinned maps keep this layout");
