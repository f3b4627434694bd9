/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Could the packet be for a virtual service at all? One bit, of 8 KiB that stay in the cache, is
 * looked at before the connection table: without it each packet that is not ours would read two
 * cold buckets there, and then find no service. The daemon sets a VIP's bit before its service
 * appears and never clears it: the connections of a removed service go on, and a bit too many only
 * costs time. So it does with the address of a real server whose replies pass the director (NAT).
 */
#pragma once

#include <bpf/bpf_endian.h>

#include "balancer/bpf/abi/abi.h"
#include "balancer/bpf/lib/compat.h"
#include "balancer/bpf/lib/hash.h"

/* The bit of an address in its four words, IPv4 as ::ffff:a.b.c.d. */
static __always_inline __u32 pinion_vip_bit(__be32 a, __be32 b, __be32 c, __be32 d)
{
	const __u64 *seed = pinion_slot_seed;
	__u64 sum = (seed[0] + a) * (seed[1] + b) + (seed[2] + c) * (seed[3] + d);

	return pinion_mix((__u32)(sum >> 32)) & (PINION_VIP_BITS - 1);
}

static __always_inline void pinion_vip_set(struct pinion_vip_filter *filter, const __be32 *addr)
{
	__u32 bit = pinion_vip_bit(addr[0], addr[1], addr[2], addr[3]);

	PINION_STORE(filter->word[bit / 64], filter->word[bit / 64] | 1ull << bit % 64);
}

/* Prefixes of more addresses than 2^this set all bits: so many would, nearly. */
#define PINION_VIP_HOST_BITS 12

/* All addresses that have the first `bits` bits of `addr`, whose others are 0. */
static __always_inline void pinion_vip_set_prefix(struct pinion_vip_filter *filter,
						  const __be32 *addr, __u32 bits)
{
	const __u32 host_bits = 128 - bits;

	if (host_bits > PINION_VIP_HOST_BITS) {
		for (__u32 i = 0; i < PINION_VIP_BITS / 64; i++)
			PINION_STORE(filter->word[i], ~0ull);
		return;
	}
	for (__u32 i = 0; i < 1u << host_bits; i++) {
		const __be32 one[4] = {addr[0], addr[1], addr[2], addr[3] | bpf_htonl(i)};

		pinion_vip_set(filter, one);
	}
}

static __always_inline int pinion_vip_test(const struct pinion_vip_filter *filter, __u32 bit)
{
	return (PINION_LOAD(filter->word[bit / 64]) >> bit % 64) & 1;
}
