/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether, and until when, a real server that sees a local address is told who the client is: by a
 * TCP option (TOA), or by a header in front of the client's stream (PROXY). How that is put into
 * packets is toa.h and proxy.h.
 *
 * - The client's SYN decides, by what its real server's entry says then. The connection keeps to it
 *   (flags of the forward half), whatever the configuration says later.
 * - The packets that tell may be lost. So each that can tell does, until one of the server shows
 *   that it knows: by TOA, the first that is no SYN/ACK, since before the server has an
 *   established connection it sends nothing else; by PROXY, one that acknowledges the header.
 * - Until then PROXY needs to know where the client's stream begins. The reply half has that in
 *   three bytes that only forward halves use, so 23 bits of it: what is in flight then is less by
 *   far. From then on the difference is the same for every packet, and nothing needs to be known.
 */
#pragma once

#include <bpf/bpf_endian.h>

#include "balancer/bpf/client_info/stream.h"
#include "balancer/bpf/conntrack/local_end.h"
#include "balancer/bpf/conntrack/tables.h"

#define PINION_TCP_SYN 0x02
#define PINION_TCP_RST 0x04
#define PINION_TCP_ACK 0x10
#define PINION_TCP_URG 0x20

#define PINION_TOA4_BYTES   8
#define PINION_TOA6_BYTES   20
#define PINION_PROXY4_BYTES 28
#define PINION_PROXY6_BYTES 52

/* More than the window of a SYN/ACK cannot be acknowledged before the header is. What says so is of
 * an earlier connection of the same ports.
 */
#define PINION_FIRST_FLIGHT 65535

#define PINION_BEGINS 64 /* In pkt->tell: the SYN of a new connection. */

/* What a packet that tells is longer by. */
static __always_inline __u8 pinion_telling_size(const struct pinion_packet *pkt)
{
	if (pkt->tell & PINION_PROXY)
		return pkt->is_v6 ? PINION_PROXY6_BYTES : PINION_PROXY4_BYTES;
	return pkt->is_v6 ? PINION_TOA6_BYTES : PINION_TOA4_BYTES;
}

/* A SYN, of a connection that the client has had no answer to: not one that is late. */
static __always_inline int pinion_begins_stream(const struct pinion_packet *pkt, __u8 state)
{
	return pkt->event == PINION_EVENT_SYN && state == PINION_STATE_SYN_RECEIVED;
}

/* A packet of the server: has it been told? And what is its acknowledgement to the client, who
 * knows nothing of the header?
 */
static __always_inline void pinion_hear_server(struct pinion_packet *pkt,
					       const struct pinion_found *half,
					       const struct pinion_found *forward,
					       struct pinion_table table)
{
	union pinion_link told = forward->link;
	__s32 size, offset;

	pkt->tell = pinion_telling(told.flags);
	if (pkt->tcp_flags & PINION_TCP_SYN)
		return;
	size = pinion_telling_size(pkt);
	if (pkt->tell & PINION_PROXY) {
		if (!(pkt->tcp_flags & PINION_TCP_ACK))
			return;
		offset = size;
		if (!(pkt->tell & PINION_TOLD))
			offset = pinion_stream_offset(bpf_ntohl(pkt->ack),
						      pinion_first_of(PINION_LOAD(*pinion_last_word(
							      half->connection, table))));
		if (offset <= 0 || offset > size + PINION_FIRST_FLIGHT)
			return;
		pkt->shift = (__u8)(offset < size ? offset : size);
		if (offset < size)
			return;
	}
	if (pkt->tell & PINION_TOLD || pkt->tcp_flags & PINION_TCP_RST)
		return;
	told.flags |= PINION_TOLD;
	(void)PINION_SWAP(*pinion_link_of(forward->connection), forward->link.whole, told.whole);
}
