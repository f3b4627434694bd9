// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/connections.h"

#include "balancer/dataplane/plans.h"

namespace pinion {
namespace {

Endpoint endpoint(const Address& address, __be16 port) { return {address, Port::from_be(port)}; }

// The flow that is stored behind a connection.
const pinion_flow4& flow4(const pinion_connection* connection) {
  return *reinterpret_cast<const pinion_flow4*>(connection + 1);
}
const pinion_flow6& flow6(const pinion_connection* connection) {
  return *reinterpret_cast<const pinion_flow6*>(connection + 1);
}

Endpoint source_of(const pinion_connection* connection, bool v6) {
  if (v6) return endpoint(Address::from_words(flow6(connection).saddr), flow6(connection).sport);
  return endpoint(Address::from_v4(flow4(connection).saddr), flow4(connection).sport);
}

Endpoint destination_of(const pinion_connection* connection, bool v6) {
  if (v6) return endpoint(Address::from_words(flow6(connection).daddr), flow6(connection).dport);
  return endpoint(Address::from_v4(flow4(connection).daddr), flow4(connection).dport);
}

}  // namespace

std::chrono::milliseconds milliseconds_of(uint32_t ticks) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::nanoseconds(static_cast<int64_t>(ticks) << PINION_TICK_SHIFT));
}

Result<ConnectionTable> ConnectionTable::open(const Program& program,
                                              const config::Director& director, bool v6) {
  ConnectionTable table;
  const uint32_t groups = v6 ? groups6(director.connections) : groups4(director.connections);
  const uint32_t buckets = groups * (v6 ? PINION_GROUP6 : PINION_GROUP4);
  table.clock_ = program.clock();
  table.v6_ = v6;
  table.size_ = uint64_t{buckets} * PINION_WAYS;
  if (buckets == 0) return table;
  for (const auto& mapped : {
           v6 ? program.map_into(table.buckets6_, "connections6", buckets)
              : program.map_into(table.buckets4_, "connections4", buckets),
           program.map_into(table.load_, "load", director.limits.servers + 1),
           program.map_into(table.settings_, "settings", 1),
           program.map_into(table.local_, "local_addresses", 1),
       }) {
    if (!mapped) return mapped.error();
  }
  return table;
}

pinion_connection* ConnectionTable::entry_at(uint64_t index) {
  const uint64_t bucket = index / PINION_WAYS;
  const uint64_t way = index % PINION_WAYS;
  return v6_ ? &buckets6_[bucket].entry[way].connection : &buckets4_[bucket].entry[way].connection;
}

pinion_load* ConnectionTable::load_of(uint32_t reference) {
  const uint32_t index = PINION_INDEX(reference);
  return index < load_.size() ? &load_[index] : nullptr;
}

// A reply half expires some seconds after its connection, because its time stamp is ahead.
void ConnectionTable::sweep(uint64_t from, uint64_t to, Swept& swept) {
  const uint32_t now = clock_.now();
  for (uint64_t index = from; index < to; ++index) {
    pinion_connection* connection = entry_at(index);
    const uint32_t word = PINION_LOAD_ORDERED(connection->word);
    const uint8_t state = pinion_state_of(word) & 15;
    if (state <= PINION_STATE_CLAIMED || state >= PINION_STATE_COUNT) {
      if (state < PINION_STATE_COUNT) ++swept.states[state];
      continue;
    }
    pinion_found found{connection, word, {}};
    found.link.whole = PINION_LOAD(*pinion_link_of(connection));
    const bool reply = found.link.flags & PINION_REPLY;
    const bool expired = has_expired(connection, now);
    const bool orphan = reply && is_orphan(connection);
    if (reply && expired && !orphan && !has_expired(entry_at(connection->server), now)) {
      PINION_STORE(connection->seen, now);
      ++swept.replies;
    } else if (expired || orphan) {
      const bool ended = pinion_end(&found, reply ? nullptr : load_of(found.link.server));
      swept.expired += static_cast<uint64_t>(ended && !reply);
    } else {
      ++(reply ? swept.replies : swept.states[state]);
    }
  }
}

bool ConnectionTable::has_expired(const pinion_connection* connection, uint32_t now) const {
  const uint8_t state = pinion_state_of(PINION_LOAD_ORDERED(connection->word)) & 15;
  return pinion_idle(PINION_LOAD(connection->seen), now) > settings_[0].timeout[state];
}

// Its connection has ended, and the entry is free, or has become another client's.
bool ConnectionTable::is_orphan(pinion_connection* reply) {
  const uint32_t index = PINION_LOAD(reply->server);
  if (index >= size_) return true;
  pinion_connection* forward = entry_at(index);
  if (pinion_state_of(PINION_LOAD_ORDERED(forward->word)) == PINION_STATE_CLAIMED) return false;
  if (pinion_state_of(PINION_LOAD(forward->word)) == PINION_STATE_FREE ||
      !(PINION_LOAD(forward->flags) & PINION_PAIRED))
    return true;
  const Endpoint sender = replied_to(forward);
  return sender.port.value != 0 && sender != destination_of(reply, v6_);
}

// Where the real server sees the connection come from: the client, or full NAT's local end, whose
// port is 0 while a packet is looking for one.
Endpoint ConnectionTable::replied_to(pinion_connection* forward) {
  if (!(PINION_LOAD(forward->flags) & PINION_FULLNAT)) return source_of(forward, v6_);
  const uint8_t number = v6_ ? flow6(forward).local : flow4(forward).local;
  const __be16 port = v6_ ? flow6(forward).local_port : flow4(forward).local_port;
  return endpoint(Address::from_words(local_[0].address[number]), port);
}

ConnectionEntry ConnectionTable::describe(pinion_connection* connection, uint32_t word,
                                          uint32_t now) {
  ConnectionEntry entry{};
  entry.found = {connection, word, {}};
  entry.found.link.whole = PINION_LOAD(*pinion_link_of(connection));
  entry.server = entry.found.link.server;
  entry.state = static_cast<pinion_state>(pinion_state_of(word));
  entry.idle = pinion_idle(PINION_LOAD(connection->seen), now);
  entry.timeout = settings_[0].timeout[entry.state & 15];
  entry.client = source_of(connection, v6_);
  entry.vip = destination_of(connection, v6_);
  if (entry.found.link.flags & PINION_FULLNAT) entry.local = replied_to(connection);
  entry.protocol =
      static_cast<Protocol>(v6_ ? flow6(connection).protocol : flow4(connection).protocol);
  return entry;
}

void ConnectionTable::visit(uint64_t from, uint64_t to,
                            const std::function<void(const ConnectionEntry&)>& visit) {
  const uint32_t now = clock_.now();
  for (uint64_t index = from; index < to; ++index) {
    pinion_connection* connection = entry_at(index);
    const uint32_t word = PINION_LOAD_ORDERED(connection->word);
    if (pinion_state_of(word) <= PINION_STATE_CLAIMED ||
        pinion_state_of(word) >= PINION_STATE_COUNT)
      continue;
    const ConnectionEntry entry = describe(connection, word, now);
    PINION_FENCE();
    const bool changed = (PINION_LOAD(connection->word) ^ word) >> 8;
    const bool over = entry.idle > entry.timeout;
    if (!changed && !over && !(entry.found.link.flags & PINION_REPLY)) visit(entry);
  }
}

bool ConnectionTable::end(const ConnectionEntry& entry) {
  pinion_found found = entry.found;
  for (int tries = 0; tries < 3; ++tries) {  // A packet may move it to another state meanwhile.
    if (pinion_end(&found, load_of(found.link.server))) return true;
    const uint32_t word = PINION_LOAD_ORDERED(found.connection->word);
    if ((word ^ found.word) >> 8) return false;
    found.word = word;
  }
  return false;
}

}  // namespace pinion
