/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One end of a packet becomes another address and port, and the checksums that cover it stay right.
 */
#pragma once

#include <linux/in.h>

#include "balancer/bpf/lib/checksum.h"

/* The end that changes, and what it becomes: `address` is one word of IPv4, or four. */
struct pinion_translation {
	const __be32 *address;
	__be16 port;
	int is_source;
};

/* Returns what that adds to the checksums that cover the address. */
static __always_inline __u64 pinion_replace_address(__be32 *place, int words,
						    const struct pinion_translation *to)
{
	__u64 change = 0;

	for (int i = 0; i < words; i++) {
		change += pinion_sum_change(place[i], to->address[i]);
		place[i] = to->address[i];
	}
	return change;
}

/* Returns what that adds to the transport's checksum. */
static __always_inline __u64 pinion_replace_port(__be16 *ports, const struct pinion_translation *to)
{
	__be16 *port = to->is_source ? &ports[0] : &ports[1];
	__u64 change = pinion_sum_change(*port, to->port);

	*port = to->port;
	return change;
}

/* Brings the checksum of TCP or UDP in line. */
static __always_inline void pinion_update_transport(__sum16 *checksum, __u8 protocol, __u64 changes)
{
	if (protocol == IPPROTO_UDP && *checksum == 0)
		return; /* The sender made none (RFC 768). */
	*checksum = pinion_sum_update(*checksum, changes);
	if (protocol == IPPROTO_UDP && *checksum == 0)
		*checksum = 0xffff;
}
