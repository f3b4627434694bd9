/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What XDP does for each verdict, by the table of verdicts. */
#pragma once

#include "balancer/bpf/abi/abi.h"
#include "balancer/bpf/lib/compat.h"

enum pinion_action {
	PINION_ACTION_PASS,
	PINION_ACTION_DROP,
	PINION_ACTION_FORWARD,
	PINION_ACTION_REPLY,
};

static const volatile __u8 pinion_actions[PINION_VERDICTS_MOST] = {
	PINION_ACTION_PASS, /* PINION_NEXT, which is no verdict. */
#define X(name, action, text) PINION_ACTION_##action,
	PINION_VERDICTS(X)
#undef X
};

/* The rows that forward come first, so that one comparison tells. */
#define PINION_LAST_FORWARD PINION_FORWARD_TABLE_FULL
#define X(name, action, text)                                                                      \
	static_assert((PINION_ACTION_##action == PINION_ACTION_FORWARD) ==                         \
			      (PINION_##name <= PINION_LAST_FORWARD),                              \
		      "verdicts that forward stand in front of all others");
PINION_VERDICTS(X)
#undef X

static __always_inline int pinion_forwards(__u32 verdict)
{
	return verdict != PINION_NEXT && verdict <= PINION_LAST_FORWARD;
}

/* The compiler must not conclude from the verdicts it has seen that the mask is superfluous: the
 * verifier has not seen them.
 */
static __always_inline enum pinion_action pinion_action_of(__u32 verdict)
{
	PINION_OPAQUE(verdict);
	return (enum pinion_action)pinion_actions[verdict & (PINION_VERDICTS_MOST - 1)];
}
