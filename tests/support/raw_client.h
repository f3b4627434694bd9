// SPDX-License-Identifier: Apache-2.0
// A client that sends exactly the bytes it is told to, at its own pace: what no HTTP library does.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <cstring>
#include <string>
#include <string_view>

#include "balancer/base/fd.h"
#include "balancer/base/net.h"

namespace pinion::test {

struct RawResponse {
  int status = 0;  // 0: the server closed the connection instead, or said nothing in time.
  std::string header;
  std::string body;
};

class RawClient {
 public:
  explicit RawClient(const std::string& path)
      : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    open(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }
  explicit RawClient(const Endpoint& endpoint)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = endpoint.port.be();
    address.sin_addr.s_addr = endpoint.address.v4();
    open(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }

  bool connected() const { return static_cast<bool>(fd_); }

  // Returns whether everything could be sent.
  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // The next response; further ones stay for the next call. `head`: it has no body.
  RawResponse read(bool head = false) {
    size_t end = 0;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos)
      if (!fill()) return {};
    RawResponse response;
    response.header = input_.substr(0, end + 2);
    response.status = std::stoi(response.header.substr(std::strlen("HTTP/1.1 ")));
    input_.erase(0, end + 4);
    const size_t length = head ? 0 : content_length(response.header);
    while (input_.size() < length)
      if (!fill()) return {};
    response.body = input_.substr(0, length);
    input_.erase(0, length);
    return response;
  }

  RawResponse ask(std::string_view text) {
    if (!send(text)) return {};
    return read();
  }

  // Whether there is something to read, or the server has closed the connection, in that time.
  bool readable(std::chrono::milliseconds patience) {
    pollfd poll{fd_.get(), POLLIN, 0};
    return ::poll(&poll, 1, static_cast<int>(patience.count())) > 0;
  }

  // Whether the server closes the connection before `patience` is over; input is thrown away.
  bool closed_within(std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < end)
      if (readable(std::chrono::milliseconds(10)) && !fill()) return true;
    return false;
  }

 private:
  // For an answer that comes; a long one takes its time on a busy machine.
  static constexpr std::chrono::seconds kPatience{60};

  void open(const sockaddr* address, socklen_t size) {
    if (connect(fd_.get(), address, size)) fd_.reset();
  }
  bool fill() {
    char buffer[16 << 10];
    if (!readable(kPatience)) return false;
    const ssize_t got = recv(fd_.get(), buffer, sizeof(buffer), 0);
    if (got <= 0) return false;
    input_.append(buffer, static_cast<size_t>(got));
    return true;
  }
  static size_t content_length(const std::string& header) {
    constexpr std::string_view kName = "Content-Length: ";
    const size_t at = header.find(kName);
    return at == std::string::npos ? 0 : std::stoul(header.substr(at + kName.size()));
  }

  Fd fd_;
  std::string input_;
};

}  // namespace pinion::test
