// SPDX-License-Identifier: Apache-2.0
// Invariants:
// - A Session is in State::sessions from its acceptance until it is dropped; the order is that of
//   the last activity, so the first that waits for its client has been idle longest.
// - Whatever may last because of the client is under the session's deadline, which closes the
//   socket; the coroutine then sees an error and ends. Coroutines hold what they use by shared_ptr.
#include "balancer/base/http.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <list>
#include <optional>

#include "balancer/base/deadline.h"
#include "balancer/base/listen.h"

namespace pinion::http {
namespace {

namespace beast = boost::beast::http;
using Code = boost::system::error_code;
// TCP and Unix sockets alike, so that one coroutine serves both.
using Socket = asio::generic::stream_protocol::socket;
using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;
using Parser = beast::request_parser<beast::string_body>;

// The completion token: errors come as codes. It has to be a temporary where it is used.
auto into(Code& error) { return asio::redirect_error(asio::use_awaitable, error); }

constexpr std::chrono::seconds kLinger{2};
constexpr size_t kLingerBytes = 8 << 20;
constexpr std::chrono::milliseconds kAcceptPause{100};

struct Session {
  explicit Session(Socket accepted)
      : socket(std::move(accepted)), deadline(socket.get_executor(), [this] { close(); }) {}

  void close() {
    Code ignored;
    socket.close(ignored);
  }

  Socket socket;
  boost::beast::flat_buffer buffer;  // What was read and not yet parsed: pipelined requests.
  Deadline deadline;
  bool answering = false;
  bool listed = false;
  std::list<std::shared_ptr<Session>>::iterator place;
};

using Sessions = std::list<std::shared_ptr<Session>>;

// For requests that no handler gets to see. The texts are constants: nothing to escape.
Response failure(unsigned status, const std::string& message) {
  return {status, "application/json",
          R"({"error":{"message":")" + message + "\",\"hint\":\"\"}}\n"};
}

// Nothing where the client went away, or was cut off, before the request was complete.
std::optional<Response> refuse(const Code& error, const Limits& limits) {
  if (error == beast::error::end_of_stream || error == beast::error::partial_message) return {};
  if (error == beast::error::body_limit)
    return failure(413, "the body is larger than " + std::to_string(limits.body_bytes) + " bytes");
  if (error == beast::error::header_limit || error == beast::error::buffer_overflow)
    return failure(431,
                   "the header is larger than " + std::to_string(limits.header_bytes) + " bytes");
  static const auto& of_http = beast::make_error_code(beast::error::bad_method).category();
  if (error.category() == of_http) return failure(400, "this is no HTTP/1.1: " + error.message());
  return {};
}

// A socket that is closed with unread input is reset: the client, which may be sending still, sees
// that and not the answer.
asio::awaitable<void> linger(std::shared_ptr<Session> session) {
  Code error;
  session->socket.shutdown(Socket::shutdown_send, error);
  session->deadline.set(kLinger);
  std::vector<char> waste(16 << 10);
  for (size_t read = 0; !error && read < kLingerBytes;)
    read += co_await session->socket.async_read_some(asio::buffer(waste), into(error));
}

asio::awaitable<Code> read_request(std::shared_ptr<Session> session, Parser& parser,
                                   const Limits& limits) {
  Code error;
  session->deadline.set(limits.idle);
  if (session->buffer.size() == 0)
    co_await session->socket.async_wait(Socket::wait_read, into(error));
  if (error) co_return error;
  session->deadline.set(limits.request);
  co_await beast::async_read_header(session->socket, session->buffer, parser, into(error));
  if (error) co_return error;
  if (parser.get()[beast::field::expect] == "100-continue") {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await asio::async_write(session->socket, asio::buffer(kContinue), into(error));
    if (error) co_return error;
  }
  co_await beast::async_read(session->socket, session->buffer, parser, into(error));
  co_return error;
}

asio::awaitable<Code> write_response(std::shared_ptr<Session> session, Response response, bool head,
                                     bool keep_alive, const Limits& limits) {
  beast::response<beast::string_body> message(static_cast<beast::status>(response.status), 11);
  message.set(beast::field::content_type, response.content_type);
  message.set(beast::field::cache_control, "no-store");
  message.body() = std::move(response.body);
  message.keep_alive(keep_alive);
  message.prepare_payload();
  beast::response_serializer<beast::string_body> serializer(message);
  session->deadline.set(limits.response);
  Code error;
  if (head)
    co_await beast::async_write_header(session->socket, serializer, into(error));
  else
    co_await beast::async_write(session->socket, serializer, into(error));
  co_return error;
}

// The file that a Unix socket is bound to, so that closing removes ours and not a successor's.
struct BoundFile {
  std::string path;
  dev_t device = 0;
  ino_t inode = 0;

  static BoundFile of(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status)) return {};
    return {path, status.st_dev, status.st_ino};
  }
  void remove() const {
    const BoundFile now = of(path);
    if (!path.empty() && now.device == device && now.inode == inode) unlink(path.c_str());
  }
};

}  // namespace

class Server::State : public std::enable_shared_from_this<Server::State> {
 public:
  State(asio::io_context& event_loop, Handler answer, Limits most)
      : loop(event_loop), handler(std::move(answer)), limits(most) {}

  void start(Fd fd, int family) {
    auto acceptor = std::make_shared<Acceptor>(loop);
    acceptor->assign({family, 0}, fd.release());
    acceptors.push_back(acceptor);
    asio::co_spawn(loop, accept(shared_from_this(), acceptor), report("http accept"));
  }

  void close() {
    Code ignored;
    for (const auto& acceptor : acceptors) acceptor->close(ignored);
    acceptors.clear();
    for (const auto& file : files) file.remove();
    files.clear();
    while (!sessions.empty()) drop(*sessions.front());
  }

  asio::io_context& loop;
  Handler handler;
  Limits limits;
  Sessions sessions;
  std::vector<std::shared_ptr<Acceptor>> acceptors;
  std::vector<BoundFile> files;

 private:
  static asio::awaitable<void> accept(std::shared_ptr<State> self,
                                      std::shared_ptr<Acceptor> acceptor) {
    asio::steady_timer pause(self->loop);
    while (acceptor->is_open()) {
      Code error;
      Socket socket = co_await acceptor->async_accept(into(error));
      if (!acceptor->is_open()) co_return;
      if (!error) {
        self->admit(std::move(socket));
        continue;
      }
      if (error == asio::error::connection_aborted) continue;
      // Out of descriptors, mostly: the connection stays in the backlog, so do not spin on it.
      log::warning("accept failed", {{"error", error.message()}});
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(into(error));
    }
  }

  void admit(Socket socket) {
    if (sessions.size() >= limits.connections && !drop_idlest()) return;
    const auto session = std::make_shared<Session>(std::move(socket));
    session->place = sessions.insert(sessions.end(), session);
    session->listed = true;
    asio::co_spawn(loop, serve(shared_from_this(), session), report("http connection"));
  }

  bool drop_idlest() {
    for (const auto& session : sessions) {
      if (session->answering) continue;
      drop(*std::shared_ptr<Session>(session));
      return true;
    }
    return false;
  }

  void drop(Session& session) {
    session.close();
    if (std::exchange(session.listed, false)) sessions.erase(session.place);
  }

  static asio::awaitable<void> serve(std::shared_ptr<State> self,
                                     std::shared_ptr<Session> session) {
    // GCC 12 makes a trap of `while (co_await ...)`.
    for (bool more = true; more && session->listed;) {
      more = co_await answer_one(self, session);
      session->answering = false;
      if (session->listed)
        self->sessions.splice(self->sessions.end(), self->sessions, session->place);
    }
    self->drop(*session);
  }

  // Returns whether another request may follow.
  static asio::awaitable<bool> answer_one(std::shared_ptr<State> self,
                                          std::shared_ptr<Session> session) {
    Parser parser;
    parser.body_limit(self->limits.body_bytes);
    parser.header_limit(self->limits.header_bytes);
    const Code read = co_await read_request(session, parser, self->limits);
    const bool head = !read && parser.get().method() == beast::verb::head;
    const bool keep_alive = !read && parser.keep_alive();
    session->answering = true;
    session->deadline.cancel();
    std::optional<Response> response = read ? refuse(read, self->limits) : std::nullopt;
    if (!response && read) co_return false;
    if (!response) response = co_await call(self, parser, head);
    const Code written =
        co_await write_response(session, std::move(*response), head, keep_alive, self->limits);
    if (!written && !keep_alive) co_await linger(session);
    co_return !written && keep_alive;
  }

  static asio::awaitable<Response> call(std::shared_ptr<State> self, Parser& parser, bool head) {
    auto message = parser.release();
    auto target = parse_target({message.target().data(), message.target().size()});
    if (!target) co_return failure(400, "the URL is malformed");
    Request request{head ? "GET" : std::string(message.method_string()), std::move(*target),
                    std::move(message.body())};
    try {
      co_return co_await self->handler(std::move(request));
    } catch (const std::exception& error) {
      log::error("request failed",
                 {{"target", std::string(message.target())}, {"error", error.what()}});
    }
    co_return failure(500, "an internal error; the daemon's log says more");
  }
};

Server::Server(asio::io_context& loop, Handler handler, Limits limits)
    : state_(std::make_shared<State>(loop, std::move(handler), limits)) {}

Server::~Server() { close(); }

Result<> Server::listen(const UnixSocket& socket) {
  auto fd = listen_unix(socket.path, socket.mode, socket.group);
  if (!fd) return fd.error();
  state_->files.push_back(BoundFile::of(socket.path));
  state_->start(std::move(*fd), AF_UNIX);
  return {};
}

Result<Endpoint> Server::listen(const Endpoint& endpoint) {
  auto fd = listen_tcp(endpoint);
  if (!fd) return fd.error();
  auto bound = bound_endpoint(*fd);
  if (bound) state_->start(std::move(*fd), endpoint.address.family());
  return bound;
}

void Server::close() { state_->close(); }

size_t Server::connections() const { return state_->sessions.size(); }

}  // namespace pinion::http
