// SPDX-License-Identifier: Apache-2.0
#include "balancer/netlink/socket.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <span>

namespace pinion {
namespace {

constexpr timeval kPatience = {1, 0};
constexpr size_t kBufferSize = 64 << 10;  // The kernel fills dumps in pieces of at most 32 KiB.
constexpr int kDumpAttempts = 10;

// The kernel's own words about a refusal: an attribute after the error header, which is followed
// by the request, or (NLM_F_CAPPED) by the request's header only.
std::string extended_ack(const nlmsghdr& message, const nlmsgerr& error) {
  if ((message.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
  size_t skip = sizeof(nlmsgerr);
  if ((message.nlmsg_flags & NLM_F_CAPPED) == 0 && error.msg.nlmsg_len > sizeof(nlmsghdr))
    skip += MNL_ALIGN(error.msg.nlmsg_len - sizeof(nlmsghdr));
  std::string text;
  for_each_attribute(message, skip, [&](const nlattr& attribute) {
    if (mnl_attr_get_type(&attribute) == NLMSGERR_ATTR_MSG) text = read_text(attribute);
  });
  return text;
}

Error refused(int number, const std::string& what, const std::string& words) {
  return errno_error(words.empty() ? what : what + " (" + words + ")", number);
}

// NLMSG_ERROR with 0 is an acknowledgement.
Result<> read_error(const nlmsghdr& message, const std::string& what) {
  const auto* error = family_header<nlmsgerr>(message);
  if (error == nullptr) return errno_error(what, EBADMSG);
  if (error->error == 0) return {};
  return refused(-error->error, what, extended_ack(message, *error));
}

// NLMSG_DONE carries the error that ended a dump half-way.
Result<> read_done(const nlmsghdr& message, const std::string& what) {
  const auto* number = family_header<int32_t>(message);
  if (number == nullptr || *number >= 0) return {};
  return errno_error(what, -*number);
}

// One message of an answer; what the answer has come to, where it ends with this message.
std::optional<Result<>> read_message(const nlmsghdr& message, bool interrupted,
                                     const std::string& what, const NetlinkSocket::Visit& visit) {
  if (message.nlmsg_type == NLMSG_ERROR) return read_error(message, what);
  if (message.nlmsg_type == NLMSG_DONE)
    return interrupted ? errno_error(what, EINTR) : read_done(message, what);
  if (message.nlmsg_type < NLMSG_MIN_TYPE) return {};
  visit(message);
  if ((message.nlmsg_flags & NLM_F_MULTI) != 0) return {};
  return Result<>();
}

}  // namespace

Result<NetlinkSocket> NetlinkSocket::open() {
  NetlinkSocket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
  if (!socket.socket_) return errno_error("open a netlink socket");
  mnl_socket* raw = socket.socket_.get();
  int on = 1;
  // Kernels before 4.20 know no strict checking; the parsers filter what such a kernel sends too
  // much.
  for (const int option : {NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK})
    mnl_socket_setsockopt(raw, option, &on, sizeof(on));
  if (setsockopt(mnl_socket_get_fd(raw), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience)))
    return errno_error("limit the wait of a netlink socket");
  if (mnl_socket_bind(raw, 0, MNL_SOCKET_AUTOPID) < 0) return errno_error("bind a netlink socket");
  socket.buffer_.resize(kBufferSize);
  return socket;
}

Result<> NetlinkSocket::request(Message message, const std::string& what) {
  return exchange(message, NLM_F_REQUEST | NLM_F_ACK, what, [](const nlmsghdr&) {});
}

Result<> NetlinkSocket::exchange(Message& message, uint16_t flags, const std::string& what,
                                 const Visit& visit) {
  nlmsghdr* header = message.header();
  header->nlmsg_flags |= flags;
  header->nlmsg_seq = ++sequence_;
  if (mnl_socket_sendto(socket_.get(), header, header->nlmsg_len) < 0) return errno_error(what);
  return read_answer(what, visit);
}

Result<> NetlinkSocket::dump_whole(Message& message, const std::string& what,
                                   const std::function<void()>& restart, const Visit& visit) {
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    restart();
    auto done = exchange(message, NLM_F_REQUEST | NLM_F_DUMP, what, visit);
    if (done || done.error().code.value() != EINTR) return done;
  }
  return errno_error(what + " (it changes faster than it can be read)", EINTR);
}

Result<> NetlinkSocket::read_answer(const std::string& what, const Visit& visit) {
  bool interrupted = false;
  while (true) {
    const ssize_t size = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno_error(what, errno == EAGAIN ? ETIMEDOUT : errno);
    std::optional<Result<>> end;
    const auto take = [&](const nlmsghdr& message) {
      // Of another sequence: the rest of an answer that an earlier call has given up.
      if (end || message.nlmsg_seq != sequence_) return;
      interrupted |= (message.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      end = read_message(message, interrupted, what, visit);
    };
    for_each_message(std::span(buffer_).first(static_cast<size_t>(size)), take);
    if (end) return *end;
  }
}

}  // namespace pinion
