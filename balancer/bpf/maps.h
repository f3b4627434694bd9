/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps, and what is fixed when the program is loaded. The daemon sets every max_entries. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pinion_settings);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pinion_vip_filter);
} vips SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct pinion_service_key);
	__type(value, struct pinion_service);
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct pinion_range_key);
	__type(value, struct pinion_service);
} service_ranges SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct pinion_prefix_key);
	__type(value, struct pinion_service);
} service_prefixes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} slots SEC(".maps");

/* The next slot of each service, by its index; modulo is taken where it is read. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} cursors SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pinion_real_server);
} real_servers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pinion_load);
} load SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PINION_LAST_HOPS);
	__type(key, __u32);
	__type(value, struct pinion_last_hop);
} last_hops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PINION_LAST_HOPS);
	__type(key, struct pinion_last_hop);
	__type(value, __u32);
} last_hop_numbers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pinion_local_addresses);
} local_addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pinion_counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pinion_verdict_counters);
} verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, PINION_GROUP4);
	__type(key, __u32);
	__type(value, struct pinion_bucket4);
} connections4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, PINION_GROUP6);
	__type(key, __u32);
	__type(value, struct pinion_bucket6);
} connections6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pinion_replies);
} replies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PINION_FRAGMENTS);
	__type(key, struct pinion_fragment_key);
	__type(value, struct pinion_fragment);
} fragments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 19);
} early_fragments SEC(".maps");

/* Where headers are put together, or moved (forward/grow.h, forward/tcp_options.h). */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pinion_scratch);
} scratch SEC(".maps");

/* Where redirected frames may leave: ifindex -> ifindex. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u32);
} egress SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct pinion_entrance_key);
	__type(value, struct pinion_entrance);
} entrances SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pinion_vlan_device);
} vlan_devices SEC(".maps");

/* The forwarding methods that real servers have, a bit for each enum pinion_method. The code of all
 * others is left out when the program is loaded; a method that is wanted later comes with a program
 * that takes this one's place.
 */
const volatile __u32 pinion_methods = ~0u;

static __always_inline int pinion_two_sided(void)
{
	return (pinion_methods & PINION_TWO_SIDED) != 0;
}

static __always_inline int pinion_full_nat(void)
{
	return (pinion_methods & 1u << PINION_METHOD_FULLNAT) != 0;
}

/* PINION_LISTEN_*: the maps that services are in besides `services`. The same holds for them. */
const volatile __u32 pinion_listeners = ~0u;

/* Are there VLAN devices or bonds? If not, frames keep their tags, and nobody looks at them. */
const volatile __u32 pinion_vlans = ~0u;

/* There are real servers with PINION_SERVER_ROUTED. */
const volatile __u32 pinion_routed = ~0u;

/* There are real servers of IPv4 behind VIPs of IPv6 (crossing.h). */
const volatile __u32 pinion_crosses = ~0u;

/* PINION_TCP_*: what any connection may want. The same holds for it. */
const volatile __u32 pinion_tcp = ~0u;

/* Is any real server told who its client is? */
static __always_inline int pinion_tells(void)
{
	return pinion_full_nat() && pinion_tcp & (PINION_TCP_TOA | PINION_TCP_PROXY);
}

/* Is any MSS lowered? */
static __always_inline int pinion_clamps(void)
{
	return pinion_two_sided() && pinion_tcp & PINION_TCP_MSS;
}

/* Entries of `real_servers`, of `load`, and of each CPU's part of `counters`. */
const volatile __u32 pinion_servers = 1;

/* Pages of each connection table; 0 leaves the family's packets to the stack, and its code out. */
const volatile __u32 pinion_groups4 = 1;
const volatile __u32 pinion_groups6 = 1;
