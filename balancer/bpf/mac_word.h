/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The words of a real server that begin with a MAC address. The daemon stores each whole, while
 * packets read it; so it is read whole, too, and copied from the register. (A memcpy from the map
 * is made of single bytes, and could send a frame to half of the old and half of the new address.)
 */
#pragma once

#include "abi.h"
#include "compat.h"

union pinion_mac_word {
	__u64 whole;
	__u16 mac[3];
	struct {
		__u8 address[6];
		__u8 flags; /* These two only in the word of the next hop. */
		__u8 generation;
	};
};

static __always_inline union pinion_mac_word pinion_mac_word(const __u8 *address)
{
	union pinion_mac_word word;

	word.whole = PINION_LOAD(*(const pinion_word *)address);
	return word;
}

/* A resolved next hop is never 00:00:00:00:00:00. */
static __always_inline int pinion_resolved(union pinion_mac_word hop)
{
	return hop.mac[0] | hop.mac[1] | hop.mac[2];
}

/* Into a frame, which is aligned to 2 bytes at least. */
static __always_inline void pinion_put_mac(__u8 *place, union pinion_mac_word word)
{
	__u16 *to = (__u16 *)place;

	to[0] = word.mac[0];
	to[1] = word.mac[1];
	to[2] = word.mac[2];
}
