// SPDX-License-Identifier: Apache-2.0
#include "ctl/client.h"

#include <grp.h>
#include <sys/stat.h>

#include "balancer/base/asio.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <optional>

namespace pinion::ctl {
namespace {

namespace beast = boost::beast::http;
using Code = boost::system::error_code;
using Socket = asio::local::stream_protocol::socket;

auto into(Code& error) { return asio::redirect_error(asio::use_awaitable, error); }

std::string group_of(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status)) return "";
  const group* entry = getgrgid(status.st_gid);
  return entry ? entry->gr_name : std::to_string(status.st_gid);
}

Error no_daemon(const std::string& path, const Code& code) {
  const std::string at = "no daemon at " + path + ": " + code.message();
  if (code == asio::error::access_denied || code.value() == EPERM) {
    const std::string group = group_of(path);
    const std::string who = group.empty() ? "" : ", or become a member of group '" + group + "'";
    return refusal(at + "\ntry again with sudo" + who);
  }
  return refusal(at +
                 "\nis piniond running? (systemctl status piniond); another socket is "
                 "named by --socket or PINION_SOCKET");
}

// The state of an exchange. The caller keeps it until the loop has stopped.
struct Exchange {
  explicit Exchange(asio::io_context& loop) : socket(loop) { parser.body_limit(boost::none); }

  Socket socket;
  beast::request<beast::string_body> message;
  beast::response_parser<beast::string_body> parser;
  boost::beast::flat_buffer buffer;
  Code error;
  bool connected = false;
  bool done = false;
};

asio::awaitable<void> run(Exchange& exchange, std::string path) {
  co_await exchange.socket.async_connect(asio::local::stream_protocol::endpoint(path),
                                         into(exchange.error));
  exchange.connected = !exchange.error;
  if (!exchange.error)
    co_await beast::async_write(exchange.socket, exchange.message, into(exchange.error));
  // The daemon may send a refusal and close before it has read the whole body.
  if (exchange.connected)
    co_await beast::async_read(exchange.socket, exchange.buffer, exchange.parser,
                               into(exchange.error));
  exchange.done = true;
}

}  // namespace

Result<Reply> ask(const std::string& socket, const Request& request,
                  std::chrono::milliseconds patience) {
  sockaddr_un longest{};
  if (socket.size() >= sizeof(longest.sun_path))
    return no_daemon(socket, Code(ENAMETOOLONG, boost::system::system_category()));
  asio::io_context loop;
  Exchange exchange(loop);
  exchange.message.method_string(request.method);
  exchange.message.target(request.target);
  exchange.message.set(beast::field::host, "pinion");
  exchange.message.set(beast::field::content_type, "application/json");
  exchange.message.keep_alive(false);
  exchange.message.body() = request.body;
  exchange.message.prepare_payload();
  asio::co_spawn(loop, run(exchange, socket), report("request"));
  loop.run_for(patience);
  if (!exchange.done)
    return refusal("the daemon at " + socket + " did not answer within " +
                   std::to_string(patience.count() / 1000) +
                   " s\nsee its log (journalctl -u piniond)");
  if (!exchange.connected) return no_daemon(socket, exchange.error);
  if (exchange.error)
    return refusal("the daemon at " + socket + " broke off: " + exchange.error.message() +
                   "\nsee its log (journalctl -u piniond)");
  return Reply{exchange.parser.get().result_int(), std::move(exchange.parser.get().body())};
}

}  // namespace pinion::ctl
