// SPDX-License-Identifier: Apache-2.0
// Fills a connection table with the very functions by which XDP does.
#pragma once

#include <arpa/inet.h>

#include <cstring>
#include <random>
#include <stdexcept>
#include <string>

#include "balancer/bpf/conntrack/connection_table.h"
#include "tests/bench/bpf/plan.h"
#include "tests/bench/instance.h"
#include "tests/bench/mapped.h"

namespace pinion::bench {

constexpr uint8_t kGeneration = 1;  // Of every real server.

inline pinion_flow4 flow4_of(const bench_flow& flow) {
  pinion_flow4 key{};
  key.saddr = htonl(flow.client);
  key.daddr = htonl(BENCH_VIPS + flow.service);
  key.sport = htons(flow.port);
  key.dport = htons(BENCH_PORT);
  key.protocol = IPPROTO_TCP;
  return key;
}

inline pinion_flow6 flow6_of(const bench_flow& flow) {
  pinion_flow6 key{};
  key.saddr[0] = key.daddr[0] = htonl(BENCH_NET6);
  key.saddr[3] = htonl(flow.client);
  key.daddr[3] = htonl(BENCH_VIPS + flow.service);
  key.sport = htons(flow.port);
  key.dport = htons(BENCH_PORT);
  key.protocol = IPPROTO_TCP;
  return key;
}

template <typename Bucket, auto kFlowOf>
class Table {
 public:
  Table(Mapped<Bucket>& buckets, const pinion_settings& settings, uint32_t now)
      : buckets_(buckets), settings_(settings), now_(now) {}

  // False: there is no room. At capacity, XDP finds both buckets of 1 connection in 2,000 full, and
  // forwards it without an entry. Here all are to have one: whoever is in the way moves to the
  // other bucket that is his, as in cuckoo hashing.
  bool insert(const bench_flow& flow, uint32_t reference, uint8_t state) {
    Resident guest{{}, reference, state};
    const auto key = kFlowOf(flow);
    std::memcpy(guest.flow, &key, sizeof(pinion_word) * kShape.words);
    pinion_buckets pair = pair_of(guest);
    for (int moves = 0; moves < 1000; ++moves) {
      if (settle(pinion_place(pair, kShape, now_, &settings_).connection, guest)) return true;
      void* bucket = pair.first;
      guest = replace(pinion_entry(bucket, random_() % PINION_WAYS, kShape), guest);
      pair = pair_of(guest);
      pair.first = pair.second = pair.first == bucket ? pair.second : pair.first;
    }
    return false;
  }

  // Takes that very entry for a connection that no packet belongs to: its protocol is 0.
  bool occupy(size_t bucket, uint32_t way, uint32_t reference, uint8_t state) {
    return settle(pinion_entry(&buckets_[bucket], way, kShape), {{bucket, way}, reference, state});
  }

  size_t buckets() const { return buckets_.size(); }

 private:
  static constexpr pinion_shape kShape =
      sizeof(Bucket) == sizeof(pinion_bucket4) ? PINION_SHAPE4 : PINION_SHAPE6;

  struct Resident {
    pinion_word flow[6] = {};
    uint32_t reference = 0;
    uint8_t state = PINION_STATE_FREE;
  };

  pinion_buckets pair_of(const Resident& resident) {
    const uint32_t hash =
        pinion_hash(resident.flow, static_cast<int>(kShape.words), settings_.seed);
    const auto groups = static_cast<uint32_t>(buckets_.size() / kShape.group);
    const pinion_choice choice = pinion_choose(hash, groups, kShape);
    return {&buckets_[choice.first], &buckets_[choice.second]};
  }

  bool settle(pinion_connection* entry, const Resident& resident) {
    pinion_found claim{};
    uint8_t displaced = PINION_STATE_FREE;
    if (!entry || !pinion_claim({entry, 1}, now_, &settings_, &claim, &displaced)) return false;
    pinion_publish(&claim, resident.flow, kShape, pinion_link_to(resident.reference),
                   resident.state, now_);
    return displaced == PINION_STATE_FREE;
  }

  // Who was there before.
  Resident replace(pinion_connection* entry, const Resident& guest) {
    Resident old{{}, entry->server, pinion_state_of(entry->word)};
    std::memcpy(old.flow, entry + 1, sizeof(pinion_word) * kShape.words);
    const pinion_found found{entry, entry->word, pinion_link_to(entry->server)};
    pinion_end(&found, nullptr);  // Both stay in the table: their servers' load is the same.
    settle(entry, guest);
    return old;
  }

  Mapped<Bucket>& buckets_;
  const pinion_settings& settings_;
  const uint32_t now_;  // Tick.
  std::minstd_rand random_;
};

using Table4 = Table<pinion_bucket4, flow4_of>;
using Table6 = Table<pinion_bucket6, flow6_of>;

template <typename Table>
void fill_table(Table table, const Setup& setup, Mapped<pinion_load>& load) {
  const uint8_t state =
      setup.fill == Fill::kFullHalfOpen ? PINION_STATE_SYN_RECEIVED : PINION_STATE_ESTABLISHED;
  if (setup.fill == Fill::kByPackets) return;
  const uint64_t count =
      setup.fill == Fill::kFlows ? setup.flows : uint64_t{table.buckets()} * PINION_WAYS;
  for (uint64_t i = 0; i < count; ++i) {
    const uint32_t index = 1 + static_cast<uint32_t>(i % setup.servers);
    const uint32_t reference = PINION_REFERENCE(index, kGeneration);
    const bool settled = setup.fill == Fill::kFlows
                             ? table.insert(bench_flow_of(i, setup.services), reference, state)
                             : table.occupy(i / PINION_WAYS, static_cast<uint32_t>(i % PINION_WAYS),
                                            reference, state);
    if (!settled)
      throw std::runtime_error("no room for connection " + std::to_string(i) + " of " +
                               std::to_string(count));
    pinion_load_add(&load[index], state, 1);
  }
}

}  // namespace pinion::bench
