/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* For real servers whose kernel has no tunnel devices: takes the outer headers off, and leaves the
 * packet to the stack as if it had come without them. IP in IP, GRE (without key or checksum) and
 * GUE at port 6080, each of either family in either family.
 *
 *   ip link set dev eth0 xdpgeneric obj decap.bpf.o sec xdp      (or xdpdrv; `xdp off` undoes it)
 *
 * It takes tunnels from anybody, as a tunnel device with "remote any" does: who must not send any
 * is for a firewall in front of the server. A packet that is damaged in the tunnel is found by its
 * own checksum. Everything else passes: fragments, GRE with options, other ports.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define DECAP_PORT 6080
#define DECAP_LINK 22 /* Ethernet and two VLAN tags. */
#define DECAP_ECN  3
#define DECAP_CE   3

char decap_license[] SEC("license") = "Dual BSD/GPL";

/* What is known of the outer headers so far. */
struct decap {
	__u32 link;	 /* Bytes before the outer IP header. */
	__u32 inner;	 /* And before the inner one. */
	__u8 protocol;	 /* Of what follows. */
	__u8 congestion; /* The outer header says that there is. */
};

static __always_inline int decap_is_vlan(__be16 protocol)
{
	return protocol == bpf_htons(ETH_P_8021Q) || protocol == bpf_htons(ETH_P_8021AD);
}

/* The EtherType behind the tags; 0: there is none. */
static __always_inline __be16 decap_link(void *data, void *end, struct decap *decap)
{
	struct ethhdr *ethernet = data;
	__be16 protocol;

	if ((void *)(ethernet + 1) > end)
		return 0;
	protocol = ethernet->h_proto;
	decap->link = sizeof(*ethernet);
	for (int i = 0; i < 2 && decap_is_vlan(protocol); i++) {
		__be16 *tag = data + decap->link;

		if ((void *)(tag + 2) > end)
			return 0;
		protocol = tag[1];
		decap->link += 4;
	}
	return protocol;
}

static __always_inline int decap_ipv4(void *data, void *end, struct decap *decap)
{
	struct iphdr *ip = data + decap->link;

	if ((void *)(ip + 1) > end || ip->ihl != 5 || ip->frag_off & bpf_htons(0x3fff))
		return 0;
	decap->inner = decap->link + sizeof(*ip);
	decap->protocol = ip->protocol;
	decap->congestion = (ip->tos & DECAP_ECN) == DECAP_CE;
	return 1;
}

static __always_inline int decap_ipv6(void *data, void *end, struct decap *decap)
{
	struct ipv6hdr *ip = data + decap->link;

	if ((void *)(ip + 1) > end)
		return 0;
	decap->inner = decap->link + sizeof(*ip);
	decap->protocol = ip->nexthdr;
	decap->congestion = (bpf_ntohs(*(__be16 *)ip) >> 4 & DECAP_ECN) == DECAP_CE;
	return 1;
}

/* Steps over GRE, or UDP and GUE. False: they are no tunnel of ours. */
static __always_inline int decap_shim(void *data, void *end, struct decap *decap)
{
	__be16 *word = data + decap->inner;

	if (decap->protocol == IPPROTO_GRE) {
		if ((void *)(word + 2) > end || word[0])
			return 0;
		decap->inner += 4;
		decap->protocol = word[1] == bpf_htons(ETH_P_IP)     ? IPPROTO_IPIP
				  : word[1] == bpf_htons(ETH_P_IPV6) ? IPPROTO_IPV6
								     : 0;
	} else if (decap->protocol == IPPROTO_UDP) {
		__u8 *gue = (void *)(word + 4);

		if ((void *)(gue + 4) > end || word[1] != bpf_htons(DECAP_PORT) || gue[0])
			return 0;
		decap->inner += 12;
		decap->protocol = gue[1];
	}
	return decap->protocol == IPPROTO_IPIP || decap->protocol == IPPROTO_IPV6;
}

/* Is there a packet, as the headers before it say? */
static __always_inline int decap_has_inner(void *data, void *end, const struct decap *decap)
{
	__u8 *inner = data + decap->inner;

	if (decap->protocol == IPPROTO_IPV6)
		return inner + sizeof(struct ipv6hdr) <= (__u8 *)end && *inner >> 4 == 6;
	return inner + sizeof(struct iphdr) <= (__u8 *)end && *inner >> 4 == 4;
}

/* RFC 6040, 4.2: congestion that the tunnel met is passed on to a packet that can say so; to one
 * that cannot, by its loss.
 */
static __always_inline int decap_congestion4(void *at, void *end)
{
	struct iphdr *ip = at;
	__u32 check;

	if ((void *)(ip + 1) > end || !(ip->tos & DECAP_ECN))
		return XDP_DROP;
	check = (__u16)~ip->check + (__u16)~bpf_htons(ip->tos) + bpf_htons(ip->tos | DECAP_CE);
	check = (check & 0xffff) + (check >> 16);
	ip->check = (__u16) ~(check + (check >> 16));
	ip->tos |= DECAP_CE;
	return XDP_PASS;
}

static __always_inline int decap_congestion6(void *at, void *end)
{
	__be16 *word = at;

	if (at + sizeof(struct ipv6hdr) > end || !(*word & bpf_htons(DECAP_ECN << 4)))
		return XDP_DROP;
	*word |= bpf_htons(DECAP_CE << 4);
	return XDP_PASS;
}

/* Moves the frame's own header behind the outer headers, and those out of the frame. */
static __always_inline int decap_strip(struct xdp_md *ctx, const struct decap *decap)
{
	__u16 link[DECAP_LINK / 2];
	__u16 *at = (void *)(long)ctx->data;

	if ((void *)(at + DECAP_LINK / 2) > (void *)(long)ctx->data_end)
		return 0;
	for (int i = 0; i < DECAP_LINK / 2; i++)
		link[i] = at[i];
	link[decap->link == 22	 ? 10
	     : decap->link == 18 ? 8
				 : 6] =
		bpf_htons(decap->protocol == IPPROTO_IPV6 ? ETH_P_IPV6 : ETH_P_IP);
	if (bpf_xdp_adjust_head(ctx, (int)(decap->inner - decap->link)))
		return 0;
	at = (void *)(long)ctx->data;
	if ((void *)(at + DECAP_LINK / 2) > (void *)(long)ctx->data_end)
		return 0;
	for (int i = 0; i < DECAP_LINK / 2; i++)
		if (i * 2u < decap->link)
			at[i] = link[i];
	return 1;
}

SEC("xdp")
int decap(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct decap decap = {};
	__be16 protocol = decap_link(data, end, &decap);
	int action = XDP_PASS;

	if (protocol == bpf_htons(ETH_P_IP) && !decap_ipv4(data, end, &decap))
		return XDP_PASS;
	if (protocol == bpf_htons(ETH_P_IPV6) && !decap_ipv6(data, end, &decap))
		return XDP_PASS;
	if (!decap.inner || !decap_shim(data, end, &decap) || !decap_has_inner(data, end, &decap))
		return XDP_PASS;
	if (decap.congestion)
		action = decap.protocol == IPPROTO_IPV6
				 ? decap_congestion6(data + decap.inner, end)
				 : decap_congestion4(data + decap.inner, end);
	if (action == XDP_PASS && !decap_strip(ctx, &decap))
		return XDP_DROP;
	return action;
}
