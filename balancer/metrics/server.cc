// SPDX-License-Identifier: Apache-2.0
#include "balancer/metrics/server.h"

#include <utility>

#include "balancer/metrics/metrics.h"

namespace pinion {
namespace {

constexpr char kPlain[] = "text/plain; charset=utf-8";
constexpr char kTextFormat[] = "text/plain; version=0.0.4; charset=utf-8";
constexpr char kPage[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Pinion</title></head>\n"
    "<body><h1>Pinion</h1><p><a href=\"/metrics\">Metrics</a></p></body></html>\n";

// A scrape is one request without a body, and every text in flight takes memory.
constexpr http::Limits kLimits{.connections = 32, .body_bytes = 0};

asio::awaitable<std::string> make_text(Snapshot snapshot) { co_return render(snapshot); }

}  // namespace

// What a request that is being answered needs, even if the MetricsServer is gone by then.
struct MetricsServer::Source {
  explicit Source(std::function<Snapshot()> take) : snapshot(std::move(take)) {}

  std::function<Snapshot()> snapshot;
  asio::thread_pool worker{1};
};

MetricsServer::MetricsServer(asio::io_context& loop, std::function<Snapshot()> snapshot)
    : source_(std::make_shared<Source>(std::move(snapshot))),
      http_(
          loop,
          [source = source_](http::Request request) { return answer(source, std::move(request)); },
          kLimits) {}

MetricsServer::~MetricsServer() {
  http_.close();
  source_->worker.join();
}

Result<Endpoint> MetricsServer::listen(const std::string& where) {
  const auto endpoint = parse_endpoint(where);
  if (!endpoint)
    return refusal(
        "director.metrics.listen: expected an address and a port, such as "
        "127.0.0.1:9107 or [::1]:9107, got \"" +
        where + "\"");
  auto bound = http_.listen(*endpoint);
  if (!bound)
    return Error{bound.error().code, "serve metrics on " + where,
                 "set director.metrics.listen to a free address and port of this host, or to \"\" "
                 "for none"};
  return bound;
}

asio::awaitable<http::Response> MetricsServer::answer(std::shared_ptr<Source> source,
                                                      http::Request request) {
  const auto& path = request.target.path;
  if (request.method != "GET")
    co_return http::Response{405, kPlain, "only GET and HEAD are served here\n"};
  if (path.empty()) co_return http::Response{200, "text/html; charset=utf-8", kPage};
  if (path.size() == 1 && path[0] == "healthz") co_return http::Response{200, kPlain, "ok\n"};
  if (path.size() != 1 || path[0] != "metrics")
    co_return http::Response{404, kPlain, "there are /metrics and /healthz here\n"};
  std::string text =
      co_await asio::co_spawn(source->worker, make_text(source->snapshot()), asio::use_awaitable);
  co_return http::Response{200, kTextFormat, std::move(text)};
}

}  // namespace pinion
