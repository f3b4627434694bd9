// SPDX-License-Identifier: Apache-2.0
#include "balancer/director/connection_query.h"

#include <algorithm>
#include <utility>

#include "balancer/base/log.h"

namespace pinion {
namespace {

constexpr uint64_t kScanStep = 1 << 16;  // Entries that are read in one go.

bool contains(const Prefix& prefix, const Address& address) {
  if (prefix.address.is_v4() != address.is_v4()) return false;
  const unsigned skipped = address.is_v4() ? 96 : 0;
  for (unsigned bit = skipped; bit < skipped + prefix.length; ++bit) {
    const unsigned differing = prefix.address.bytes()[bit / 8] ^ address.bytes()[bit / 8];
    if (differing & (0x80u >> bit % 8)) return false;
  }
  return true;
}

}  // namespace

// Which real server an index stands for, as it was when the query began. The copy of the model
// keeps what the pointers point to alive.
class ConnectionQuery::Names {
 public:
  explicit Names(const Model& model) : model_(model) {
    for (const auto& [name, service] : model_.services())
      for (const ModelServer& server : service->servers) {
        if (server.index >= known_.size()) known_.resize(server.index + 1);
        known_[server.index] = {&name, &server};
      }
  }

  Target of(uint32_t reference, const Tables& tables) const {
    const uint32_t index = PINION_INDEX(reference);
    if (index < known_.size() && known_[index].server) {
      const auto& [name, server] = known_[index];
      return {*name, {server->config.address, server->port}};
    }
    const pinion_real_server entry = tables.server(index);
    return {"", {Address::from_words(entry.address), Port::from_be(entry.port)}};
  }

 private:
  struct Known {
    const std::string* name = nullptr;
    const ModelServer* server = nullptr;
  };

  const Model model_;
  std::vector<Known> known_;
};

namespace {

bool matches(const ConnectionEntry& entry, const ConnectionFilter& filter) {
  return (!filter.state || *filter.state == entry.state) &&
         (!filter.client || contains(*filter.client, entry.client.address));
}

Connection describe(const ConnectionEntry& entry, std::string service, const Endpoint& server) {
  const uint32_t left = entry.timeout > entry.idle ? entry.timeout - entry.idle : 0;
  return {entry.protocol,
          entry.client,
          entry.vip,
          std::move(service),
          server,
          entry.local,
          entry.state,
          milliseconds_of(entry.idle),
          milliseconds_of(left)};
}

}  // namespace

asio::awaitable<void> ConnectionQuery::scan(ConnectionFilter filter, Visit visit) {
  const Names names(live_);
  bool more = true;
  const auto consider = [&](ConnectionTable& table, const ConnectionEntry& entry) {
    if (!more || !matches(entry, filter)) return;
    Target target = names.of(entry.server, tables_);
    if (target.server.port.value == 0) target.server.port = entry.vip.port;
    if (filter.service && *filter.service != target.service) return;
    if (filter.server && !is_called(target.server, *filter.server)) return;
    more = visit(table, entry, target);
  };
  for (ConnectionTable* table : connections_)
    for (uint64_t from = 0; more && from < table->size(); from += kScanStep) {
      table->visit(from, std::min(from + kScanStep, table->size()),
                   [&](const ConnectionEntry& entry) { consider(*table, entry); });
      co_await asio::post(io_, asio::use_awaitable);
    }
}

asio::awaitable<std::vector<Connection>> ConnectionQuery::list(ConnectionFilter filter,
                                                               size_t limit) {
  std::vector<Connection> found;
  Visit keep = [&found, limit](ConnectionTable&, const ConnectionEntry& entry,
                               const Target& target) {
    found.push_back(describe(entry, target.service, target.server));
    return found.size() < limit;
  };
  co_await scan(std::move(filter), keep);
  co_return found;
}

asio::awaitable<uint64_t> ConnectionQuery::count(ConnectionFilter filter) {
  uint64_t count = 0;
  Visit add = [&count](ConnectionTable&, const ConnectionEntry&, const Target&) {
    ++count;
    return true;
  };
  co_await scan(std::move(filter), add);
  co_return count;
}

asio::awaitable<uint64_t> ConnectionQuery::flush(ConnectionFilter filter) {
  uint64_t count = 0;
  Visit end = [&count](ConnectionTable& table, const ConnectionEntry& entry, const Target&) {
    count += table.end(entry);
    return true;
  };
  co_await scan(std::move(filter), end);
  log::info("connections flushed", {{"count", count}});
  co_return count;
}

}  // namespace pinion
