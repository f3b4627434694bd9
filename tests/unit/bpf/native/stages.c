// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/bpf/native/stages.h"

#include <string.h>

#include "balancer/bpf/conntrack/connect.h"

#define SERVER 1 /* Its index, and its generation. */

static struct {
  struct pinion_bucket4 four[PINION_GROUP4];
  struct pinion_bucket6 six[2 * PINION_GROUP6];
  struct pinion_settings settings;
  struct pinion_local_addresses local;
  struct pinion_real_server server;
  struct pinion_load load;
  struct pinion_service service;
  __u32 slot;
} memory;

/* Full NAT and all else, on tables of one and two pages. */
__u64 pinion_constants[PINION_CONSTANT_COUNT] = {
    [PINION_CONSTANT_FULLNAT] = 1, [PINION_CONSTANT_TWO_SIDED] = 1,
    [PINION_CONSTANT_CROSSES] = 1, [PINION_CONSTANT_TELLS] = 1,
    [PINION_CONSTANT_SERVERS] = 2, [PINION_CONSTANT_GROUPS4] = 1,
    [PINION_CONSTANT_GROUPS6] = 1, [PINION_CONSTANT_NS_PER_JIFFY] = 1,
};

/* Each thread is a CPU. */
static _Thread_local struct pinion_counters counted;
static _Thread_local struct pinion_scratch kept;

/* What a map's key leads to. */
void* bpf_map_lookup_elem(void* map, const void* key) {
  const __u32 index = *(const __u32*)key;

  if (map == &connections4) return index < PINION_GROUP4 ? &memory.four[index] : NULL;
  if (map == &connections6) return index < PINION_GROUP6 ? &memory.six[index] : NULL;
  if (map == &settings) return &memory.settings;
  if (map == &local_addresses) return &memory.local;
  if (map == &real_servers) return index == SERVER ? &memory.server : NULL;
  if (map == &load) return index == SERVER ? &memory.load : NULL;
  if (map == &services) return &memory.service;
  if (map == &slots) return &memory.slot;
  if (map == &counters) return &counted;
  return map == &scratch ? &kept : NULL;
}

long bpf_map_update_elem(void* map, const void* key, const void* value, __u64 flags) {
  (void)map, (void)key, (void)value, (void)flags;
  return -1;
}

__u64 bpf_jiffies64(void) { return 1ull << 40; }

__u32 bpf_get_smp_processor_id(void) { return 0; }

static void put_ipv4(__be32* address, __u32 ipv4) {
  address[0] = address[1] = 0;
  address[2] = bpf_htonl(0xffff);
  address[3] = bpf_htonl(ipv4);
}

void stages_reset(__u32 ports) {
  memset(&memory, 0, sizeof(memory));
  for (int i = 0; i < 11; i++)
    pinion_constants[PINION_CONSTANT_SEED_0 + i] = 0x9e3779b97f4a7c15ull * (__u64)(i + 1);
  for (int i = 0; i < 16; i++) memory.settings.timeout[i] = 1u << 20;
  memset(memory.settings.refresh_shift, 11, sizeof(memory.settings.refresh_shift));
  put_ipv4(memory.local.address[1], 0xc0a805c8);
  memory.local.pool4[0] = 1;
  memory.local.count4 = 1;
  memory.local.first_port = PINION_FIRST_LOCAL_PORT;
  memory.local.ports = ports;
  put_ipv4(memory.server.address, 0xc0a80505);
  memory.server.method = PINION_METHOD_FULLNAT;
  memory.server.flags = PINION_SERVER_USED | PINION_SERVER_ACCEPTS;
  memory.server.generation = SERVER;
  memory.server.next_hop[0] = 2;
  memory.service.slot_count = 1;
  memory.service.selection = PINION_SELECT_HASH;
  memory.slot = PINION_REFERENCE(SERVER, SERVER);
}

static void put_flow4(struct pinion_packet* pkt, __u32 client) {
  pkt->flow4.saddr = bpf_htonl(client);
  pkt->flow4.daddr = bpf_htonl(0x0a000001);
  pkt->flow4.sport = bpf_htons(40000);
  pkt->flow4.dport = bpf_htons(80);
  pkt->flow4.protocol = IPPROTO_TCP;
}

static void put_flow6(struct pinion_packet* pkt, __u32 client) {
  pkt->is_v6 = 1;
  pkt->flow6.saddr[0] = pkt->flow6.daddr[0] = bpf_htonl(0x20010db8);
  pkt->flow6.saddr[3] = bpf_htonl(client);
  pkt->flow6.daddr[3] = bpf_htonl(1);
  pkt->flow6.sport = bpf_htons(40000);
  pkt->flow6.dport = bpf_htons(80);
  pkt->flow6.protocol = IPPROTO_TCP;
}

int stages_ask(__u32 client, int is_v6) {
  struct pinion_packet pkt = {.event = PINION_EVENT_SYN};
  struct xdp_md ctx = {}; /* Without a frame, it has come from nowhere. */
  enum pinion_verdict verdict;
  int failed;

  if (is_v6)
    put_flow6(&pkt, client);
  else
    put_flow4(&pkt, client);
  verdict = is_v6 ? pinion_connect6(&pkt) : pinion_connect4(&pkt);
  failed = is_v6 ? pinion_mirror_local6(&ctx, &pkt) : pinion_mirror_local4(&ctx, &pkt);
  return failed ? failed : (int)verdict;
}

static struct stages_half half_of(__u32 place, const struct pinion_connection* connection,
                                  __be16 forward, __be16 reply) {
  struct stages_half half = {
      .connection = place,
      .local_port = forward,
      .state = pinion_state_of(connection->word),
      .is_reply = (connection->flags & PINION_REPLY) != 0,
  };

  if (half.is_reply) {
    half.connection = connection->server;
    half.local_port = reply;
  }
  return half;
}

struct stages_half stages_half_at(__u32 place, int is_v6) {
  const struct pinion_entry4* four = &memory.four[place / PINION_WAYS].entry[place % PINION_WAYS];
  const struct pinion_entry6* six = &memory.six[place / PINION_WAYS].entry[place % PINION_WAYS];

  return is_v6 ? half_of(place, &six->connection, six->flow.local_port, six->flow.dport)
               : half_of(place, &four->connection, four->flow.local_port, four->flow.dport);
}

struct pinion_load stages_load(void) {
  return memory.load;
}
