/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The far end of the director's wire. A veth sends what native XDP returns with XDP_TX or redirects
 * to it only where its peer runs an XDP program too; otherwise the frames vanish silently.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int pass(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}

char pass_license[] SEC("license") = "Dual BSD/GPL";
