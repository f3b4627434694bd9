/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The words of a real server that begin with a MAC address: six bytes of address, then, in the word
 * of the next hop, the server's flags and its generation. The daemon stores each word whole while
 * packets read it, so it is read whole and kept in a register. (A memcpy from the map is made of
 * single bytes, and could send a frame to half of the old and half of the new address.)
 */
#pragma once

#include "balancer/bpf/abi/abi.h"
#include "balancer/bpf/lib/compat.h"

typedef __u64 pinion_mac_word;

static __always_inline pinion_mac_word pinion_load_mac(const __u8 *address)
{
	return PINION_LOAD(*(const pinion_word *)address);
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PINION_MAC_SHIFT(byte) (8 * (byte))
#else
#define PINION_MAC_SHIFT(byte) (56 - 8 * (byte))
#endif

static __always_inline __u8 pinion_mac_flags(pinion_mac_word word)
{
	return (__u8)(word >> PINION_MAC_SHIFT(6));
}

static __always_inline __u8 pinion_mac_generation(pinion_mac_word word)
{
	return (__u8)(word >> PINION_MAC_SHIFT(7));
}

/* A resolved next hop is never 00:00:00:00:00:00. */
static __always_inline int pinion_resolved(pinion_mac_word word)
{
	return (word & ~(0xffull << PINION_MAC_SHIFT(6) | 0xffull << PINION_MAC_SHIFT(7))) != 0;
}

/* Into a frame. */
static __always_inline void pinion_put_mac(__u8 *place, pinion_mac_word word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	*(__u32 *)place = (__u32)word;
	*(__u16 *)(place + 4) = (__u16)(word >> 32);
#else
	*(__u32 *)place = (__u32)(word >> 32);
	*(__u16 *)(place + 4) = (__u16)(word >> 16);
#endif
}
