/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pair-multiply-shift (M. Thorup, "High Speed Hashing for Integers and Strings", 2015, 3.5): over
 * words x and 64-bit coefficients a, the high half of
 *   (a0 + x1)(a1 + x0) + (a2 + x3)(a3 + x2) + ... + b   (mod 2^64)
 * is strongly universal: whoever does not know the coefficients cannot choose flows that collide
 * more often than 1 in 2^32. Two multiplications for IPv4, five for IPv6.
 *
 * But it is linear in each half of a word: a client's successive ports, or successive clients, are
 * an arithmetic progression, and 1 draw of coefficients in 20 piles such flows up in few buckets.
 * So the result is mixed (by a bijection: the promise stays).
 */
#pragma once

#include "balancer/bpf/abi/abi.h"
#include "balancer/bpf/lib/compat.h"

static __always_inline __u64 pinion_hash_pair(__u64 pair, const __u64 *seed)
{
	return (seed[0] + (__u32)(pair >> 32)) * (seed[1] + (__u32)pair);
}

/* From MurmurHash3's finalizer. */
static __always_inline __u32 pinion_mix(__u32 hash)
{
	hash ^= hash >> 16;
	hash *= 0x85ebca6b;
	return hash ^ hash >> 13;
}

/* `flow` is pinion_flow4 (2 words) or pinion_flow6 (5 words); `seed` has 11 coefficients. */
static __always_inline __u32 pinion_hash(const pinion_word *flow, int words, const __u64 *seed)
{
	__u64 sum = seed[10];

	for (int i = 0; i < words; i++)
		sum += pinion_hash_pair(flow[i], seed + 2 * i);
	return pinion_mix((__u32)(sum >> 32));
}

/* A 32-bit hash spread evenly over [0, size). */
static __always_inline __u32 pinion_spread(__u32 hash, __u32 size)
{
	return (__u32)(((__u64)hash * size) >> 32);
}

/* The coefficients for choosing a slot: the same on every director, so that they agree. They are
 * the binary digits of the fractions of the square roots of the first primes (as in SHA-512).
 */
static const __u64 pinion_slot_seed[11] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
	0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17,
};
