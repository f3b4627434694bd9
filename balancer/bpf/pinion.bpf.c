// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The data plane. A packet walks the stages until one has a verdict; the one exit counts it and
 * says what XDP does:
 *
 *   parse     what is it?                                  parse.h
 *   filter    could it be for a VIP, or from a server?     vip_filter.h
 *   find      its connection, or a new one, on a server    connect.h, sctp.h, icmp.h, fragment.h
 *   forward   by the server's method, or back to a client  forward.h, forward/
 *   exit      count, send
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "balancer/bpf/abi/actions.h"
#include "balancer/bpf/conntrack/connect.h"
#include "balancer/bpf/conntrack/fragment.h"
#include "balancer/bpf/conntrack/icmp.h"
#include "balancer/bpf/forward/forward.h"
#include "balancer/bpf/parse/parse.h"
#include "balancer/bpf/parse/sctp.h"

char pinion_license[] SEC("license") = "Dual BSD/GPL";

/* Out of the interface it came from, out of another one, or up the stack. */
static __always_inline int pinion_send(struct xdp_md *ctx, const struct pinion_packet *pkt)
{
	if (pkt->egress == pinion_device(ctx, pkt))
		return XDP_TX;
	if (!pkt->egress)
		return XDP_PASS;
	return (int)bpf_redirect_map(&egress, pkt->egress, 0);
}

static __always_inline void pinion_count_verdict(__u32 verdict)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct pinion_verdict_counters *counted = bpf_map_lookup_elem(&verdicts, &cpu);

	PINION_OPAQUE(verdict);
	if (counted)
		counted->count[verdict & (PINION_VERDICTS_MOST - 1)]++;
}

/* What XDP does with a packet that is not forwarded. */
static __always_inline int pinion_keep_or_drop(enum pinion_verdict verdict)
{
	enum pinion_action action = pinion_action_of(verdict);

	if (action == PINION_ACTION_DROP)
		return XDP_DROP;
	return action == PINION_ACTION_REPLY ? XDP_TX : XDP_PASS;
}

/* The one exit: every packet that entered has exactly one verdict. */
static __always_inline int pinion_exit(struct xdp_md *ctx, const struct pinion_packet *pkt,
				       struct pinion_counters *count, enum pinion_verdict verdict)
{
	int sent;

	if (pinion_forwards(verdict)) {
		sent = pinion_send(ctx, pkt);
		if (sent == XDP_ABORTED) {
			verdict = PINION_DROP_NO_EGRESS;
			sent = XDP_DROP;
		} else {
			pinion_count_packet(count, pkt);
		}
	} else {
		sent = pinion_keep_or_drop(verdict);
	}
	pinion_count_verdict(verdict);
	return sent;
}

/* Is there nothing to do for the packet, whatever the tables say? */
static __always_inline enum pinion_verdict
pinion_filter(struct xdp_md *ctx, const struct pinion_packet *pkt, enum pinion_kind kind)
{
	if (kind == PINION_ICMP)
		return pinion_is_error(ctx, pkt) ? PINION_NEXT : PINION_PASS_OTHER_PROTOCOL;
	if (kind == PINION_OTHER) /* Later fragments share the first one's verdict. */
		return pinion_leads(pkt) && pinion_may_be_ours(pkt) ? PINION_NEXT
								    : PINION_PASS_OTHER_PROTOCOL;
	return pinion_may_be_ours(pkt) ? PINION_NEXT : PINION_PASS_NOT_OURS;
}

/* By its connection, or by the one that it tells of. */
static __always_inline enum pinion_verdict
pinion_choose_server(struct xdp_md *ctx, struct pinion_packet *pkt, enum pinion_kind kind)
{
	enum pinion_verdict verdict = PINION_NEXT;

	if (kind == PINION_SCTP)
		verdict = (enum pinion_verdict)pinion_parse_sctp(ctx, pkt);
	else if (kind == PINION_FRAGMENT)
		return (enum pinion_verdict)pinion_follow(ctx, pkt);
	else if (kind == PINION_ICMP)
		return pinion_relate(ctx, pkt);
	else if (kind == PINION_OTHER)
		return PINION_PASS_OTHER_PROTOCOL;
	return verdict ? verdict : pinion_connect(ctx, pkt);
}

/* A packet that may be ours: its verdict, and what it counts for. */
static __always_inline enum pinion_verdict pinion_handle(struct xdp_md *ctx,
							 struct pinion_packet *pkt,
							 enum pinion_kind kind,
							 struct pinion_counters **count)
{
	enum pinion_verdict verdict;

	pinion_note(ctx, pkt, kind);
	verdict = pinion_choose_server(ctx, pkt, kind);
	if (PINION_CONSTANT(TWO_SIDED) && pinion_leads(pkt))
		pkt->new_id = pinion_draw_id();
	if (pinion_forwards(verdict)) {
		*count = pinion_touch_counters(pkt->reference);
		verdict = pinion_forward(ctx, pkt, verdict);
	}
	if (pinion_leads(pkt))
		pinion_remember(pkt, verdict);
	return verdict;
}

/* For frames that are the stack's already: the daemon puts them there by it. */
SEC("xdp.frags")
int pinion_up(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

SEC("xdp.frags")
int pinion_ingress(struct xdp_md *ctx)
{
	struct pinion_counters *count = 0;
	enum pinion_kind kind = PINION_OTHER;
	struct pinion_packet pkt;
	enum pinion_verdict verdict;

	pkt.egress = 0; /* The compiler reads it before it is known to be set. */
	verdict = pinion_parse(ctx, &pkt, &kind);
	if (!verdict)
		verdict = pinion_filter(ctx, &pkt, kind);
	if (!verdict)
		verdict = pinion_handle(ctx, &pkt, kind, &count);
	return pinion_exit(ctx, &pkt, count, verdict);
}
