// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The data plane. A packet walks the stages until one has a verdict; the one exit counts it and
 * says what XDP does. Read on in the order of the includes in connect.h and forward.h.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "parse.h"
#include "connect.h"
#include "icmp.h"
#include "forward.h"

char pinion_license[] SEC("license") = "Dual BSD/GPL";

enum pinion_action {
	PINION_ACTION_PASS,
	PINION_ACTION_DROP,
	PINION_ACTION_FORWARD,
	PINION_ACTION_REPLY,
};

static const volatile __u8 pinion_actions[32] = {
#define X(name, action, text) [PINION_##name] = PINION_ACTION_##action,
	PINION_VERDICTS(X)
#undef X
};

/* The compiler must not conclude from the verdicts it has seen that the mask is superfluous: the
 * verifier has not seen them.
 */
static __always_inline enum pinion_action pinion_action_of(__u32 verdict)
{
	asm volatile("" : "+r"(verdict));
	return (enum pinion_action)pinion_actions[verdict & 31];
}

/* Out of the interface it came from, out of another one, or up the stack. */
static __always_inline int pinion_send(struct xdp_md *ctx, __u32 ifindex)
{
	if (ifindex == ctx->ingress_ifindex)
		return XDP_TX;
	if (!ifindex)
		return XDP_PASS;
	return (int)bpf_redirect_map(&egress, ifindex, 0);
}

static __always_inline void pinion_count_verdict(__u32 verdict)
{
	const __u32 first = 0;
	struct pinion_verdict_counters *count = bpf_map_lookup_elem(&verdicts, &first);

	asm volatile("" : "+r"(verdict));
	if (count)
		count->count[verdict & 31]++;
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
		sent = pinion_send(ctx, ifindex);
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

SEC("xdp.frags")
int pinion_ingress(struct xdp_md *ctx)
{
	struct pinion_packet pkt = {};
	__u32 ifindex = 0;
	struct pinion_counters *count = 0;
	enum pinion_verdict verdict = pinion_parse(ctx, &pkt);

	if (verdict == PINION_NEXT)
		verdict = pinion_connect(&pkt);
	else if (verdict == PINION_PASS_OTHER_PROTOCOL)
		verdict = (enum pinion_verdict)pinion_icmp(ctx, &pkt);
	if (pinion_action_of(verdict) == PINION_ACTION_FORWARD) {
		count = pinion_touch_counters(pkt.reference);
		verdict = pinion_forward(ctx, &pkt, verdict, &ifindex);
	}
	return pinion_exit(ctx, &pkt, count, verdict, ifindex);
}
