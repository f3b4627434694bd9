/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and values of the floors' maps. */
#pragma once

#include <linux/types.h>

/* 40 bytes: addresses of either family, as others have it. */
struct floor_key {
	__be32 source[4];
	__be32 destination[4];
	__be16 ports[2];
	__u8 protocol;
	__u8 zero[3];
};

struct floor_value {
	__u32 server; /* Not 0. */
	__u32 zero;
	__u64 seen;
};

struct floor_line {
	__u64 word[8];
};
