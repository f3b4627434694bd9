// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "balancer/base/asio.h"
#include "balancer/base/error.h"
#include "balancer/base/http.h"
#include "balancer/base/net.h"
#include "balancer/model/snapshot.h"

namespace pinion {

// Serves /metrics, /healthz and a page that links to them, over HTTP on TCP. `snapshot` is called
// on the event loop, once a scrape. The text is made of its result on a thread of its own, which
// shares nothing with the event loop, because that takes seconds for 100,000 real servers.
class MetricsServer {
 public:
  MetricsServer(asio::io_context& loop, std::function<Snapshot()> snapshot);
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;
  // Waits for a text that is being made. The event loop must still exist.
  ~MetricsServer();

  // `where` is as in director.metrics.listen: "127.0.0.1:9107", "[::1]:9107". Returns where it
  // listens: port 0 lets the kernel choose.
  Result<Endpoint> listen(const std::string& where);

 private:
  struct Source;
  static asio::awaitable<http::Response> answer(std::shared_ptr<Source> source,
                                                http::Request request);

  std::shared_ptr<Source> source_;
  http::Server http_;
};

}  // namespace pinion
