// SPDX-License-Identifier: Apache-2.0
// The HTTP/1.1 server of the process: the control socket and /metrics are both this. It runs on the
// event loop, one coroutine a connection, and is built so that no client, however slow, large or
// numerous, disturbs another: every wait has a deadline and every size a limit.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "balancer/base/asio.h"
#include "balancer/base/error.h"
#include "balancer/base/net.h"

namespace pinion::http {

// What a request is for: "/v1/services/a%2Fb?all=true" is {"v1", "services", "a/b"} and {all:
// true}.
struct Target {
  std::vector<std::string> path;             // Decoded; "/" has none.
  std::map<std::string, std::string> query;  // Decoded; "?all" gives "".
};

// Fails on a bad escape, an empty segment, a NUL byte, or a query key that is given twice.
Result<Target> parse_target(std::string_view text);
// Escapes everything that cannot stand for itself in a segment of a path or in a query.
std::string encode(std::string_view text);

struct Request {
  std::string method;  // "GET"; a HEAD is handled as a GET whose body is not sent.
  Target target;
  std::string body;
};

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
};

// Answers a request. What it throws is logged, and is a 500 for the client. Requests of one
// connection come one after the other, those of several connections interleave where it awaits.
using Handler = std::function<asio::awaitable<Response>(Request)>;

struct Limits {
  size_t connections = 512;  // One more takes the place of that which has been idle longest.
  size_t body_bytes = 1 << 20;
  uint32_t header_bytes = 16 << 10;
  std::chrono::milliseconds idle = std::chrono::seconds(60);      // Until a request begins.
  std::chrono::milliseconds request = std::chrono::seconds(10);   // Until it is complete.
  std::chrono::milliseconds response = std::chrono::seconds(30);  // Until the answer is taken.
};

struct UnixSocket {
  std::string path;
  uint32_t mode = 0660;
  std::string group = "root";  // A name or a number.
};

// Listens on any number of sockets. Closing it, or destroying it, ends its connections and removes
// its Unix sockets; a handler that is waiting then still finishes, so what it uses must stay until
// the event loop has stopped.
class Server {
 public:
  Server(asio::io_context& loop, Handler handler, Limits limits = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  // The socket has its mode and group before anybody can connect. A missing directory is made; what
  // a dead daemon left behind is replaced; a socket that somebody listens on, and a file that is no
  // socket, are errors and stay as they are.
  Result<> listen(const UnixSocket& socket);
  // Returns where it listens: port 0 lets the kernel choose.
  Result<Endpoint> listen(const Endpoint& endpoint);

  void close();
  size_t connections() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace pinion::http
