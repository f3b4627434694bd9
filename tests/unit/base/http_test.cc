// SPDX-License-Identifier: Apache-2.0
// The server against clients that behave, and against those that do not.
#include "balancer/base/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/event_loop.h"
#include "tests/support/raw_client.h"

namespace pinion::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using test::RawClient;
using testing::HasSubstr;

constexpr std::string_view kGet = "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n";

asio::awaitable<Response> handle(Request request) {
  const std::string what = request.target.path.empty() ? "" : request.target.path[0];
  if (what == "throw") throw std::runtime_error("as asked");
  if (what == "large") co_return Response{200, "text/plain", std::string(4 << 20, 'x')};
  if (what == "wait") {
    asio::steady_timer timer(co_await asio::this_coro::executor, 300ms);
    co_await timer.async_wait(asio::use_awaitable);
  }
  std::string text = request.method;
  for (const auto& segment : request.target.path) text += " " + segment;
  for (const auto& [key, value] : request.target.query) text += " " + key + "=" + value;
  co_return Response{200, "text/plain", text + " " + request.body};
}

class HttpServer : public testing::Test {
 protected:
  void SetUp() override { start({}); }
  void TearDown() override {
    loop_.on([this] { server_.reset(); });
    std::filesystem::remove_all(directory_);
  }

  void start(const Limits& limits) {
    loop_.on([&] {
      server_.reset();
      server_ = std::make_unique<Server>(loop_.context(), handle, limits);
      const auto listening = server_->listen({path_, 0600, "0"});
      ASSERT_TRUE(listening) << listening.error().message();
    });
  }
  size_t connections() {
    return loop_.on([this] { return server_->connections(); });
  }

  test::EventLoop loop_;
  std::string directory_ = testing::TempDir() + "http." + std::to_string(getpid());
  std::string path_ = directory_ + "/s";
  std::unique_ptr<Server> server_;
};

TEST_F(HttpServer, HandsTheRequestOverAndTheAnswerBack) {
  RawClient client(path_);
  const auto response =
      client.ask("POST /v1/a%2Fb?all=true&x= HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "POST v1 a/b all=true x= body");
  EXPECT_THAT(response.header, HasSubstr("Content-Type: text/plain\r\n"));
}

TEST_F(HttpServer, ListensOnTcpToo) {
  const Endpoint any{*Address::parse("127.0.0.1"), {0}};
  const auto bound = loop_.on([&] { return server_->listen(any); });
  ASSERT_TRUE(bound) << bound.error().message();
  EXPECT_EQ(RawClient(*bound).ask(kGet).body, "GET echo ");
  const auto again = loop_.on([&] { return server_->listen(*bound); });
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message(), HasSubstr("listen on 127.0.0.1:"));
  EXPECT_THAT(again.error().message(), HasSubstr("Address already in use"));
}

TEST_F(HttpServer, KeepsTheConnectionAndItsPipelineInOrder) {
  RawClient client(path_);
  std::string many;
  for (int i = 0; i < 500; ++i)
    many += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_TRUE(client.send(many));
  for (int i = 0; i < 500; ++i) ASSERT_EQ(client.read().body, "GET " + std::to_string(i) + " ");
  EXPECT_EQ(connections(), 1u);
}

TEST_F(HttpServer, ClosesWhereTheClientAsksForIt) {
  RawClient client(path_);
  EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").status, 200);
  EXPECT_TRUE(client.closed_within(1s));
}

TEST_F(HttpServer, AnswersHeadWithoutABody) {
  RawClient client(path_);
  ASSERT_TRUE(client.send("HEAD /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_THAT(client.read(true).header, HasSubstr("Content-Length: 9\r\n"));
  EXPECT_EQ(client.ask(kGet).body, "GET echo ");
}

TEST_F(HttpServer, TellsAClientThatWaitsForItToContinue) {
  RawClient client(path_);
  ASSERT_TRUE(client.send(
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  EXPECT_EQ(client.read(true).status, 100);
  EXPECT_EQ(client.ask("ok").body, "POST ok");
}

TEST_F(HttpServer, TakesChunkedBodies) {
  const auto response = RawClient(path_).ask(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
      "chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
  EXPECT_EQ(response.body, "POST abc");
}

TEST_F(HttpServer, RefusesALargeBodyAndTheClientGetsToReadIt) {
  const std::string header = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n";
  RawClient client(path_);
  client.send(header + std::string(1 << 20, 'x'));
  EXPECT_EQ(client.read().status, 413);
  RawClient exact(path_);
  EXPECT_EQ(exact
                .ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n" +
                     std::string(1 << 20, 'x'))
                .status,
            200);
}

// A client that cannot send its body to the end does not look for an answer.
TEST_F(HttpServer, LetsARefusedClientSendToTheEnd) {
  RawClient client(path_);
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n"));
  std::this_thread::sleep_for(100ms);
  EXPECT_TRUE(client.send(std::string(2'000'000, 'x')));
  EXPECT_EQ(client.read().status, 413);
}

TEST_F(HttpServer, RefusesALargeChunkedBody) {
  RawClient client(path_);
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
  const std::string chunk = "40000\r\n" + std::string(0x40000, 'x') + "\r\n";
  for (int i = 0; i < 5; ++i) client.send(chunk);
  EXPECT_EQ(client.read().status, 413);
}

TEST_F(HttpServer, RefusesALargeHeader) {
  EXPECT_EQ(RawClient(path_).ask("GET /" + std::string(20000, 'a') + " HTTP/1.1\r\n\r\n").status,
            431);
}

TEST_F(HttpServer, RefusesWhatIsNoHttp) {
  for (const std::string_view text :
       {"\x16\x03\x01 hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/3.0\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "GET relative HTTP/1.1\r\n\r\n",
        "GET /%zz HTTP/1.1\r\n\r\n"})
    EXPECT_EQ(RawClient(path_).ask(text).status, 400) << text;
}

TEST_F(HttpServer, SurvivesAHandlerThatThrows) {
  RawClient client(path_);
  EXPECT_EQ(client.ask("GET /throw HTTP/1.1\r\nHost: x\r\n\r\n").status, 500);
  EXPECT_EQ(client.ask(kGet).status, 200);
}

// One deadline is short in each, so that no other can stand in for it.
TEST_F(HttpServer, CutsOffWhoDoesNotBegin) {
  start({.idle = 150ms});
  RawClient silent(path_), again(path_);
  EXPECT_EQ(again.ask(kGet).status, 200);
  EXPECT_TRUE(silent.closed_within(2s));
  EXPECT_TRUE(again.closed_within(2s));
}

TEST_F(HttpServer, CutsOffWhoDoesNotFinish) {
  start({.request = 150ms});
  RawClient partial(path_), unfinished(path_);
  ASSERT_TRUE(partial.send("GET / HT"));
  ASSERT_TRUE(unfinished.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"));
  EXPECT_TRUE(partial.closed_within(2s));
  EXPECT_TRUE(unfinished.closed_within(2s));
}

TEST_F(HttpServer, CutsOffWhoTakesNoAnswer) {
  start({.response = 150ms});
  RawClient deaf(path_);
  ASSERT_TRUE(deaf.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n"));
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(connections(), 1u);
  const auto start = steady_clock::now();
  while (connections() > 0 && steady_clock::now() - start < 2s) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(connections(), 0u);
}

TEST_F(HttpServer, LetsAHandlerTakeItsTime) {
  start({.idle = 100ms, .request = 100ms, .response = 100ms});
  EXPECT_EQ(RawClient(path_).ask("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
}

TEST_F(HttpServer, ClosesTheIdlestWhereOneMoreComes) {
  start({.connections = 3});
  RawClient first(path_), second(path_), busy(path_);
  EXPECT_EQ(first.ask(kGet).status, 200);
  EXPECT_EQ(second.ask(kGet).status, 200);
  EXPECT_EQ(first.ask(kGet).status, 200);
  ASSERT_TRUE(busy.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
  std::this_thread::sleep_for(50ms);
  RawClient fourth(path_);
  EXPECT_EQ(fourth.ask(kGet).status, 200);
  EXPECT_TRUE(second.closed_within(1s));
  EXPECT_EQ(first.ask(kGet).status, 200);
  EXPECT_EQ(busy.read().status, 200);
  EXPECT_EQ(connections(), 3u);
}

TEST_F(HttpServer, TurnsAwayWhereAllAreBusy) {
  start({.connections = 2});
  RawClient first(path_), second(path_);
  for (RawClient* client : {&first, &second})
    ASSERT_TRUE(client->send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
  std::this_thread::sleep_for(50ms);
  RawClient third(path_);
  EXPECT_TRUE(third.closed_within(1s));
  EXPECT_EQ(first.read().status, 200);
  EXPECT_EQ(second.read().status, 200);
}

TEST_F(HttpServer, TwoHundredClientsOfAllKindsDisturbNobody) {
  std::vector<std::unique_ptr<RawClient>> bad, good;
  for (int i = 0; i < 140; ++i) {
    bad.push_back(std::make_unique<RawClient>(path_));
    ASSERT_TRUE(bad.back()->connected());
    const std::string_view text[] = {"", "POST / HTTP/1.1\r\nContent-Le",
                                     "GET /large HTTP/1.1\r\nHost: x\r\n\r\n"};
    ASSERT_TRUE(bad.back()->send(text[i % 3]));
    if (i % 7 == 0) bad.back().reset();
  }
  for (int i = 0; i < 60; ++i) good.push_back(std::make_unique<RawClient>(path_));
  const auto start = steady_clock::now();
  for (int round = 0; round < 10; ++round) {
    for (const auto& client : good) ASSERT_TRUE(client->send(kGet));
    for (const auto& client : good) ASSERT_EQ(client->read().body, "GET echo ");
  }
  EXPECT_LT(steady_clock::now() - start, 10s);
}

TEST_F(HttpServer, ClosesWhileAHandlerWaits) {
  RawClient client(path_);
  ASSERT_TRUE(client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
  std::this_thread::sleep_for(50ms);
  loop_.on([this] { server_.reset(); });
  EXPECT_TRUE(client.closed_within(100ms));
  std::this_thread::sleep_for(400ms);  // The handler ends, and finds its client gone.
  EXPECT_FALSE(RawClient(path_).connected());
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(HttpServer, RemovesOnlyItsOwnSocket) {
  std::filesystem::remove(path_);
  start({});
  Server successor(loop_.context(), handle);
  std::filesystem::remove(path_);
  loop_.on([&] { ASSERT_TRUE(successor.listen({path_, 0600, "0"})); });
  loop_.on([this] { server_.reset(); });
  EXPECT_EQ(RawClient(path_).ask(kGet).status, 200);
  loop_.on([&] { successor.close(); });
}

}  // namespace
}  // namespace pinion::http
