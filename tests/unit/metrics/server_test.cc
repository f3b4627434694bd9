// SPDX-License-Identifier: Apache-2.0
#include "balancer/metrics/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "balancer/metrics/metrics.h"
#include "tests/support/event_loop.h"
#include "tests/support/raw_client.h"
#include "tests/unit/metrics/small_snapshot.h"

namespace pinion {
namespace {

using test::RawClient;
using test::RawResponse;
using test::small_snapshot;
using testing::HasSubstr;

class MetricsServerTest : public testing::Test {
 protected:
  void SetUp() override {
    loop_.on([this] { server_.emplace(loop_.context(), small_snapshot); });
    const auto bound = loop_.on([this] { return server_->listen("127.0.0.1:0"); });
    ASSERT_TRUE(bound) << bound.error().message();
    endpoint_ = *bound;
  }
  void TearDown() override {
    loop_.on([this] { server_.reset(); });
  }

  RawResponse ask(const std::string& method, const std::string& target) {
    RawClient client(endpoint_);
    client.send(method + " " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
    return client.read(method == "HEAD");
  }

  test::EventLoop loop_;
  std::optional<MetricsServer> server_;
  Endpoint endpoint_;
};

TEST_F(MetricsServerTest, ServesTheTextFormat) {
  const RawResponse response = ask("GET", "/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.header, HasSubstr("Content-Type: text/plain; version=0.0.4;"));
  EXPECT_EQ(response.body, render(small_snapshot()));
}

TEST_F(MetricsServerTest, HeadHasTheHeaderOfGet) {
  const RawResponse response = ask("HEAD", "/metrics");
  EXPECT_EQ(response.status, 200);
  const std::string length = std::to_string(render(small_snapshot()).size());
  EXPECT_THAT(response.header, HasSubstr("Content-Length: " + length + "\r\n"));
}

TEST_F(MetricsServerTest, SaysThatItIsAlive) {
  const RawResponse response = ask("GET", "/healthz");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "ok\n");
}

TEST_F(MetricsServerTest, LinksToTheMetrics) {
  const RawResponse response = ask("GET", "/");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.header, HasSubstr("Content-Type: text/html"));
  EXPECT_THAT(response.body, HasSubstr("href=\"/metrics\""));
}

TEST_F(MetricsServerTest, RefusesWhatItDoesNotServe) {
  EXPECT_EQ(ask("GET", "/metric").status, 404);
  EXPECT_EQ(ask("GET", "/metrics/x").status, 404);
  EXPECT_EQ(ask("DELETE", "/metrics").status, 405);
}

// A scrape of 100,000 real servers takes seconds: other handlers run meanwhile.
TEST_F(MetricsServerTest, LargeScrapeDoesNotHoldTheLoop) {
  Snapshot large = small_snapshot();
  large.services[0].servers.resize(50000, large.services[0].servers[0]);
  loop_.on([&] {
    server_.reset();
    server_.emplace(loop_.context(), [&large] { return large; });
    endpoint_ = *server_->listen("127.0.0.1:0");
  });
  RawClient scraper(endpoint_);
  ASSERT_TRUE(scraper.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
  EXPECT_FALSE(scraper.readable(std::chrono::milliseconds(0))) << "the scrape was answered first";
  EXPECT_EQ(scraper.read().status, 200);
}

TEST_F(MetricsServerTest, GoesAwayUnderAScrape) {
  RawClient scraper(endpoint_);
  ASSERT_TRUE(scraper.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"));
  loop_.on([this] { server_.reset(); });
  EXPECT_FALSE(RawClient(endpoint_).connected());
}

TEST_F(MetricsServerTest, NamesABadListenAddress) {
  for (const std::string where : {"", "9107", "localhost:9107", "127.0.0.1:65536", "::1:9107"}) {
    const auto bound = loop_.on([&] { return server_->listen(where); });
    ASSERT_FALSE(bound) << where;
    EXPECT_THAT(bound.error().message(), HasSubstr("director.metrics.listen: expected"));
    EXPECT_THAT(bound.error().message(), HasSubstr("got \"" + where + "\""));
  }
}

TEST_F(MetricsServerTest, NamesTheAddressInUseAndTheRemedy) {
  const std::string where = to_string(endpoint_.address, endpoint_.port);
  const auto bound = loop_.on([&] {
    MetricsServer second(loop_.context(), small_snapshot);
    return second.listen(where);
  });
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code, std::errc::address_in_use);
  EXPECT_THAT(bound.error().message(), HasSubstr("serve metrics on " + where));
  EXPECT_THAT(bound.error().message(), HasSubstr("set director.metrics.listen"));
}

}  // namespace
}  // namespace pinion
