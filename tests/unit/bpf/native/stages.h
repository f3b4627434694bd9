/* SPDX-License-Identifier: Apache-2.0 */
/* The stages that give a packet its connection, natively: as many threads as one likes are as many
 * CPUs. One service at an IPv4 and at an IPv6 VIP, with one real server of IPv4, by full NAT.
 */
#pragma once

#include "balancer/bpf/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STAGES_PLACES (4096 / sizeof(struct pinion_entry4)) /* Of either table. */

/* No connection, and so many pairs to take. */
void stages_reset(__u32 ports);

/* A client's SYN; its enum pinion_verdict. Clients differ in `client`. */
int stages_ask(__u32 client, int is_v6);

/* An entry of a table. */
struct stages_half {
  __u32 connection; /* The place of the connection: its own, or the one that it leads to. */
  __be16 local_port;
  __u8 state;
  __u8 is_reply;
};
struct stages_half stages_half_at(__u32 place, int is_v6);

/* Of the one real server. */
struct pinion_load stages_load(void);

#ifdef __cplusplus
}
#endif
