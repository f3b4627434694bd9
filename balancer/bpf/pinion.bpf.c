// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The data plane. A packet walks the stages until one has a verdict; the one exit counts it and
 * says what XDP does. Read on in the order of the includes in connect.h and forward.h.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "parse.h"
#include "actions.h"
#include "sctp.h"
#include "connect.h"
#include "icmp.h"
#include "fragment.h"
#include "forward.h"

char pinion_license[] SEC("license") = "Dual BSD/GPL";

/* Out of the interface it came from, out of another one, or up the stack. */
static __always_inline int pinion_send(struct xdp_md *ctx, const struct pinion_packet *pkt,
				       __u32 ifindex)
{
	if (ifindex == pinion_device(ctx, pkt))
		return XDP_TX;
	if (!ifindex)
		return XDP_PASS;
	return (int)bpf_redirect_map(&egress, ifindex, 0);
}

static __always_inline void pinion_count_verdict(__u32 verdict)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct pinion_verdict_counters *counted = bpf_map_lookup_elem(&verdicts, &cpu);

	PINION_OPAQUE(verdict);
	if (counted)
		counted->count[verdict & (PINION_VERDICTS_MOST - 1)]++;
}

/* The one exit: every packet that entered has exactly one verdict. */
static __always_inline int pinion_exit(struct xdp_md *ctx, const struct pinion_packet *pkt,
				       struct pinion_counters *count, enum pinion_verdict verdict,
				       __u32 ifindex)
{
	enum pinion_action action = pinion_action_of(verdict);
	int sent = action == PINION_ACTION_DROP ? XDP_DROP : XDP_PASS;

	if (action == PINION_ACTION_REPLY)
		sent = XDP_TX;
	if (action == PINION_ACTION_FORWARD) {
		sent = pinion_send(ctx, pkt, ifindex);
		if (sent == XDP_ABORTED) {
			verdict = PINION_DROP_NO_EGRESS;
			sent = XDP_DROP;
		} else {
			pinion_count_packet(count, pkt);
		}
	}
	pinion_count_verdict(verdict);
	return sent;
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
	struct pinion_packet pkt = {};
	__u32 ifindex = 0;
	struct pinion_counters *count = 0;
	enum pinion_verdict verdict = pinion_parse(ctx, &pkt);

	if (verdict == PINION_PASS_OTHER_PROTOCOL && pinion_protocol(&pkt) == IPPROTO_SCTP)
		verdict = (enum pinion_verdict)pinion_parse_sctp(ctx, &pkt);
	if (verdict == PINION_NEXT)
		verdict = pinion_connect(ctx, &pkt);
	else if (verdict == PINION_PASS_FRAGMENT)
		verdict = (enum pinion_verdict)pinion_follow(ctx, &pkt);
	else if (verdict == PINION_PASS_OTHER_PROTOCOL && !pkt.fragment)
		verdict = (enum pinion_verdict)pinion_icmp(ctx, &pkt);
	/* It quotes something that IPv4's table does not have. */
	if (pinion_crosses && verdict == PINION_PASS_OTHER_PROTOCOL && pkt.quoted && !pkt.is_v6)
		verdict = (enum pinion_verdict)pinion_icmp_crossed(&pkt);
	if (pinion_two_sided() && pinion_leads(&pkt))
		pkt.new_id = pinion_draw_id();
	if (pinion_action_of(verdict) == PINION_ACTION_FORWARD) {
		count = pinion_touch_counters(pkt.reference);
		verdict = pinion_forward(ctx, &pkt, verdict, &ifindex);
	}
	if (pinion_leads(&pkt))
		pinion_remember(&pkt, verdict, ifindex);
	return pinion_exit(ctx, &pkt, count, verdict, ifindex);
}
