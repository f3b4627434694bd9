/* SPDX-License-Identifier: Apache-2.0 */
/* In the place of libbpf's: the stages as ordinary C, whose maps are memory of ours (stages.c). */
#pragma once

#include <linux/types.h>

#define SEC(name)
#define __uint(name, value) int(*name)[value]
#define __type(name, value) __typeof__(value)* name

void* bpf_map_lookup_elem(void* map, const void* key);
long bpf_map_update_elem(void* map, const void* key, const void* value, __u64 flags);
__u64 bpf_jiffies64(void);
__u32 bpf_get_smp_processor_id(void);
