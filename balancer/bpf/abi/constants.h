/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is fixed when the program is loaded. Each is an immediate in the program's code: libbpf puts
 * it there as a CO-RE relocation of an enumerator, whose value the daemon says in a BTF of its own
 * (dataplane/constants.h). So the verifier removes what a feature that is off would do, test and
 * all, and what is on reads no memory to know that. (`const volatile` globals are loaded from their
 * map wherever they are tested.)
 */
#pragma once

#include <linux/types.h>

#include "balancer/bpf/abi/lists.h"

/* X(name). The first are features: 1 or 0, and what follows from them. */
/* clang-format off */
#define PINION_CONSTANTS(X)                                                              \
	X(TWO_SIDED)  /* NAT or FULLNAT: replies pass the director. */                   \
	X(RANGES)     /* There are services in map `service_ranges`, */                  \
	X(PREFIXES)   /* in `service_prefixes`, */                                       \
	X(LISTENERS)  /* in either. */                                                   \
	X(VLANS)      /* There are VLAN devices or bonds; else nobody looks at tags. */  \
	X(ROUTED)     /* Real servers with PINION_SERVER_ROUTED. */                      \
	X(CROSSES)    /* Real servers of IPv4 behind VIPs of IPv6 (crossing.h). */       \
	X(TELLS)      /* Full NAT's servers are told who their clients are. */           \
	X(CLAMPS)     /* MSSs are lowered. */                                            \
	X(SERVERS)    /* Entries of `real_servers`, of each CPU's part of `counters`. */ \
	X(GROUPS4)    /* Pages of each connection table; 0 leaves the family's packets */\
	X(GROUPS6)    /* to the stack, and its code out. */                              \
	X(NS_PER_JIFFY) /* The kernel's TICK_NSEC (clock.h). */                          \
	X(TICK_OFFSET)  /* pinion_settings.tick_offset */                                \
	X(SEED_0) X(SEED_1) X(SEED_2) X(SEED_3) X(SEED_4) X(SEED_5)                      \
	X(SEED_6) X(SEED_7) X(SEED_8) X(SEED_9) X(SEED_10) /* pinion_settings.seed */
/* clang-format on */

/* In front of them, one for each forwarding method: its code is left out where no server has it. */
enum pinion_constant {
#define X(name, keyword, text) PINION_CONSTANT_##name,
	PINION_FORWARDING_METHODS(X)
#undef X
#define X(name) PINION_CONSTANT_##name,
		PINION_CONSTANTS(X)
#undef X
			PINION_CONSTANT_COUNT
};

#ifdef __bpf__
#include <bpf/bpf_core_read.h>
#define PINION_CONSTANT(name) bpf_core_enum_value(enum pinion_constant, PINION_CONSTANT_##name)
#else
extern __u64 pinion_constants[PINION_CONSTANT_COUNT];
#define PINION_CONSTANT(name) pinion_constants[PINION_CONSTANT_##name]
#endif
