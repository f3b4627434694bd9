// SPDX-License-Identifier: Apache-2.0
// Questions to the kernel's routing tables, and its answers. Calls are synchronous: the kernel
// answers within the system call, in microseconds; a bounded wait (1 s) guards against the rest.
#pragma once

#include <libmnl/libmnl.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/netlink/message.h"

namespace pinion {

// An rtnetlink socket of the network namespace that the thread was in when it was opened. Errors
// hold the kernel's own words where it has any (NLMSGERR_ATTR_MSG). Not for two threads at once.
class NetlinkSocket {
 public:
  using Visit = std::function<void(const nlmsghdr&)>;

  static Result<NetlinkSocket> open();

  // Makes a change, and waits until the kernel says that it is made. `what` is the error's context:
  // "add 10.0.0.1/32 to eth0".
  Result<> request(Message message, const std::string& what);

  // Asks for one thing. Nothing, where the kernel answers `absent` (an errno).
  template <typename T>
  Result<std::optional<T>> get(Message message, const std::string& what, int absent,
                               std::optional<T> (*parse)(const nlmsghdr&)) {
    std::optional<T> found;
    auto done = exchange(message, NLM_F_REQUEST, what,
                         [&](const nlmsghdr& answer) { found = parse(answer); });
    if (!done && done.error().code.value() != absent) return done.error();
    return found;
  }

  // Asks for a whole table; what `parse` leaves out is not in it. A table that changed while it
  // was read is read again.
  template <typename T>
  Result<std::vector<T>> dump(Message message, const std::string& what,
                              std::optional<T> (*parse)(const nlmsghdr&)) {
    std::vector<T> table;
    auto done = dump_whole(
        message, what, [&] { table.clear(); },
        [&](const nlmsghdr& row) {
          if (auto parsed = parse(row)) table.push_back(std::move(*parsed));
        });
    if (!done) return done.error();
    return table;
  }

 private:
  struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };

  explicit NetlinkSocket(mnl_socket* socket) : socket_(socket) {}

  Result<> exchange(Message& message, uint16_t flags, const std::string& what, const Visit& visit);
  Result<> dump_whole(Message& message, const std::string& what,
                      const std::function<void()>& restart, const Visit& visit);
  // Reads until the answer to the last request is complete.
  Result<> read_answer(const std::string& what, const Visit& visit);

  std::unique_ptr<mnl_socket, Close> socket_;
  uint32_t sequence_ = 0;
  std::vector<char> buffer_;
};

}  // namespace pinion
