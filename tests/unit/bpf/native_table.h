// SPDX-License-Identifier: Apache-2.0
// A connection table in ordinary memory, used through the functions that the data plane uses.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "balancer/bpf/conntrack/connection_table.h"

namespace pinion::test {

struct Ipv4 {
  using Flow = pinion_flow4;
  using Entry = pinion_entry4;
  using Bucket = pinion_bucket4;
  static constexpr pinion_shape kShape{sizeof(Entry), 2, PINION_GROUP4};

  static Flow flow(uint32_t client, uint16_t port) {
    return {.saddr = client, .daddr = 0x0a000001, .sport = port, .dport = 80, .protocol = 6};
  }
};

struct Ipv6 {
  using Flow = pinion_flow6;
  using Entry = pinion_entry6;
  using Bucket = pinion_bucket6;
  static constexpr pinion_shape kShape{sizeof(Entry), 5, PINION_GROUP6};

  static Flow flow(uint32_t client, uint16_t port) {
    return {.saddr = {0x20010db8, 0, 0, client},
            .daddr = {0x20010db8, 0, 0, 1},
            .sport = port,
            .dport = 80,
            .protocol = 6};
  }
};

// A flow of its own for each number.
template <typename Family>
typename Family::Flow numbered_flow(uint32_t number) {
  return Family::flow(number * 2654435761u, static_cast<uint16_t>(number));
}

// A flow's bytes, to be a key.
template <typename Flow>
std::string key_of(const Flow& flow) {
  return {reinterpret_cast<const char*>(&flow), sizeof(flow)};
}

// Ticks; each state has another one, so that none can stand in for another.
inline constexpr uint32_t kSynTimeout = 30;
inline constexpr uint32_t kClosedTimeout = 10;
inline constexpr uint32_t kFinTimeout = 120;
inline constexpr uint32_t kEstablishedTimeout = 900;
inline constexpr uint32_t kUdpTimeout = 300;

inline pinion_settings make_settings(uint64_t seed) {
  pinion_settings settings{};
  std::mt19937_64 random(seed);
  for (auto& coefficient : settings.seed) coefficient = random();
  settings.timeout[PINION_STATE_SYN_RECEIVED] = kSynTimeout;
  settings.timeout[PINION_STATE_PICKED_UP] = kEstablishedTimeout;
  settings.timeout[PINION_STATE_ESTABLISHED] = kEstablishedTimeout;
  settings.timeout[PINION_STATE_FIN_WAIT] = kFinTimeout;
  settings.timeout[PINION_STATE_CLOSED] = kClosedTimeout;
  settings.timeout[PINION_STATE_UDP] = kUdpTimeout;
  return settings;
}

// What became of an insert.
template <typename Flow>
struct Inserted {
  bool done = false;  // False: there was no place, or the place was lost to somebody else.
  uint8_t displaced = PINION_STATE_FREE;
  Flow displaced_flow{};  // Exact where nobody else writes.
};

template <typename Family>
class NativeTable {
 public:
  using Flow = typename Family::Flow;
  using Entry = typename Family::Entry;

  NativeTable(uint32_t groups, uint32_t servers, uint64_t seed)
      : settings(make_settings(seed)),
        load(servers),
        groups_(groups),
        buckets_(groups * Family::kShape.group) {}

  pinion_buckets buckets_of(const Flow& flow) {
    const auto words = static_cast<int>(Family::kShape.words);
    const uint32_t hash = pinion_hash(words_of(flow), words, settings.seed);
    const pinion_choice choice = pinion_choose(hash, groups_, Family::kShape);
    return {&buckets_.at(choice.first), &buckets_.at(choice.second)};
  }

  bool find(const Flow& flow, pinion_found& found) {
    found = {};
    return pinion_find(buckets_of(flow), words_of(flow), Family::kShape, &found) != 0;
  }

  // As the data plane does it with a packet of no known connection.
  Inserted<Flow> insert(const Flow& flow, uint32_t server, uint8_t state, uint32_t now) {
    Inserted<Flow> inserted;
    pinion_found claim{};
    const pinion_vacancy place = pinion_place(buckets_of(flow), Family::kShape, now, &settings);
    if (!place.connection || !pinion_claim(place, now, &settings, &claim, &inserted.displaced))
      return inserted;
    inserted.displaced_flow = reinterpret_cast<Entry*>(place.connection)->flow;
    if (inserted.displaced != PINION_STATE_FREE)
      pinion_load_add(load_of(claim.link.server), inserted.displaced, -1);
    pinion_load_add(load_of(server), state, 1);
    pinion_publish(&claim, words_of(flow), Family::kShape, pinion_link_to(server), state, now);
    inserted.done = true;
    return inserted;
  }

  void move(const pinion_found& found, uint8_t state) {
    pinion_move(&found, state, load_of(found.link.server));
  }

  bool end(const pinion_found& found) {
    return pinion_end(&found, load_of(found.link.server)) != 0;
  }

  // Ends what has expired, as the daemon does; returns how many.
  size_t sweep(uint32_t now) {
    size_t ended = 0;
    for (auto& bucket : buckets_)
      for (auto& entry : bucket.entry) {
        pinion_connection& connection = entry.connection;
        const uint32_t word = PINION_LOAD_ORDERED(connection.word);
        const uint8_t state = pinion_state_of(word);
        if (state <= PINION_STATE_CLAIMED) continue;
        if (pinion_idle(PINION_LOAD(connection.seen), now) <= settings.timeout[state]) continue;
        ended += end({&connection, word, PINION_LOAD(connection.server)});
      }
    return ended;
  }

  // The connections that refer to each server, counted one by one; nobody may write meanwhile.
  std::vector<pinion_load> recount() const {
    std::vector<pinion_load> counted(load.size());
    for (const auto& bucket : buckets_)
      for (const auto& entry : bucket.entry) {
        const uint8_t state = pinion_state_of(entry.connection.word);
        if (state <= PINION_STATE_CLAIMED) continue;
        pinion_load& one = counted.at(entry.connection.server);
        ++(pinion_active(state) ? one.active : one.inactive);
      }
    return counted;
  }

  size_t places() const { return buckets_.size() * PINION_WAYS; }
  std::vector<typename Family::Bucket>& buckets() { return buckets_; }

  pinion_settings settings;
  std::vector<pinion_load> load;  // By server.

 private:
  static const pinion_word* words_of(const Flow& flow) {
    return reinterpret_cast<const pinion_word*>(&flow);
  }
  pinion_load* load_of(uint32_t server) { return &load.at(server); }

  uint32_t groups_;
  std::vector<typename Family::Bucket> buckets_;
};

inline std::vector<std::pair<uint32_t, uint32_t>> pairs(const std::vector<pinion_load>& load) {
  std::vector<std::pair<uint32_t, uint32_t>> all;
  for (const auto& one : load) all.emplace_back(one.active, one.inactive);
  return all;
}

}  // namespace pinion::test
