/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The end of stage 1 for SCTP (RFC 9260): its ports, and what its chunks say. The checksum is left
 * to the real server, as those of TCP and UDP are.
 */
#pragma once

#include "balancer/bpf/parse/parse.h"

struct pinion_sctp {
	__be16 source;
	__be16 dest;
	__be32 tag; /* Whose the packet is; 0 only in one that opens. */
	__le32 checksum;
};

struct pinion_chunk {
	__u8 type;
	__u8 flags;
	__be16 length; /* With this header, without what fills it up to a multiple of 4. */
};

/* So many of a packet's chunks are looked at. What matters stands in front: a packet with more is
 * data, or has only chunks that matter to nobody but the ends.
 */
#define PINION_CHUNKS 4

/* Where a chunk that begins `offset` bytes behind the beginning of the frame ends, which is where
 * the next one begins; 0: there is none that is whole enough.
 */
static __always_inline __u32 pinion_read_chunk(const struct xdp_md *ctx, __u32 offset, __u32 end,
					       __u8 *type)
{
	const struct pinion_chunk *chunk = (void *)(long)ctx->data + (offset & 0x3fff);
	__u32 length;

	if (offset + sizeof(*chunk) > end || offset > 0x3fff ||
	    (void *)(chunk + 1) > (void *)(long)ctx->data_end)
		return 0;
	length = bpf_ntohs(chunk->length);
	*type = chunk->type;
	return length < sizeof(*chunk) ? 0 : offset + ((length + 3) & ~3u);
}

/* Chunks may share a packet. The first that says something speaks for it, unless it is aborted: an
 * ABORT stands behind other control chunks (3.3.7), and all of those in front of data (6.10).
 */
static __always_inline __u8 pinion_chunks_event(const struct xdp_md *ctx, __u32 offset, __u32 end)
{
	__u8 event = PINION_EVENT_CHUNK;

	for (int i = 0; i < PINION_CHUNKS; i++) {
		__u8 type = PINION_CHUNK_DATA, said;

		offset = pinion_read_chunk(ctx, offset, end, &type);
		if (!offset || type == PINION_CHUNK_DATA)
			break;
		said = pinion_chunk_event(type);
		if (event == PINION_EVENT_CHUNK || said == PINION_EVENT_RST)
			event = said;
	}
	return event;
}

/* An INIT comes with tag 0, since nobody has given it one (8.5.1): any other is nobody's.
 */
PINION_GLOBAL_FUNC int pinion_parse_sctp(struct xdp_md *ctx, struct pinion_packet *pkt)
{
	struct pinion_sctp *sctp;
	__u32 end, chunks;
	__u8 first;

	if (!pkt)
		return PINION_DROP_INTERNAL;
	sctp = (void *)(long)ctx->data + (pkt->transport & 0x3fff);
	chunks = pkt->transport + sizeof(*sctp);
	end = pkt->network + pkt->bytes;
	if ((void *)(sctp + 1) > (void *)(long)ctx->data_end ||
	    !pinion_read_chunk(ctx, chunks, end, &first))
		return PINION_PASS_MALFORMED;
	if (first == PINION_CHUNK_INIT && sctp->tag)
		return PINION_PASS_MALFORMED;
	if (pkt->is_v6)
		((pinion_word *)&pkt->flow6)[4] = pinion_ports_word(sctp, IPPROTO_SCTP);
	else
		((pinion_word *)&pkt->flow4)[1] = pinion_ports_word(sctp, IPPROTO_SCTP);
	pkt->event = first == PINION_CHUNK_INIT ? PINION_EVENT_SYN
						: pinion_chunks_event(ctx, chunks, end);
	return PINION_NEXT;
}
