// SPDX-License-Identifier: Apache-2.0
#include "balancer/base/listen.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <charconv>
#include <cstring>
#include <vector>

namespace pinion {
namespace {

// The kernel takes net.core.somaxconn where that is less.
constexpr int kBacklog = 4096;
constexpr int kFlags = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;

Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path))
    return refusal("listen on \"" + path + "\": a socket's path has 1 to " +
                   std::to_string(sizeof(address.sun_path) - 1) + " bytes");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<gid_t> find_group(const std::string& name) {
  gid_t number = 0;
  const char* last = name.data() + name.size();
  if (const auto [end, error] = std::from_chars(name.data(), last, number);
      error == std::errc() && end == last)
    return number;
  std::vector<char> buffer(16 << 10);
  group entry{};
  group* found = nullptr;
  const int error = getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (error) return errno_error("look up group '" + name + "'", error);
  if (!found)
    return refusal("there is no group '" + name + "': make it with 'groupadd --system " + name +
                   "', or set director.control.group to another");
  return entry.gr_gid;
}

// Leaves `path` free for a new socket, or says who has it.
Result<> make_room(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (lstat(path.c_str(), &status)) {
    if (errno == ENOENT) return {};
    return errno_error("look at " + path);
  }
  if (!S_ISSOCK(status.st_mode))
    return refusal(path +
                   " is there and is no socket: move it away, or set director.control.socket"
                   " to another path");
  const Fd probe(socket(AF_UNIX, kFlags, 0));
  if (!probe) return errno_error("make a Unix socket");
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  // A full backlog (EAGAIN) is a living listener too.
  if (connect(probe.get(), generic, sizeof(address)) == 0 || errno == EAGAIN)
    return refusal("another process listens on " + path +
                   ": stop it, or set director.control.socket to another path");
  if (errno != ECONNREFUSED) return errno_error("see whether anybody listens on " + path);
  if (unlink(path.c_str())) return errno_error("remove the stale socket " + path);
  return {};
}

// Nobody can connect before listen(), and between bind() and here only root could touch the file.
Result<> restrict(const std::string& path, uint32_t mode, const std::string& name) {
  const auto group = find_group(name);
  if (!group) return group.error();
  struct stat status {};
  if (stat(path.c_str(), &status)) return errno_error("look at " + path);
  if (status.st_gid != *group && chown(path.c_str(), static_cast<uid_t>(-1), *group))
    return errno_error("give " + path + " to group '" + name + "'");
  if (chmod(path.c_str(), mode)) return errno_error("set the mode of " + path);
  return {};
}

Result<> bind_unix(const Fd& fd, const std::string& path, const sockaddr_un& address) {
  const mode_t before = umask(0177);
  const bool bound =
      bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  const int error = errno;
  umask(before);
  if (!bound) return errno_error("listen on " + path, error);
  return {};
}

}  // namespace

Result<Fd> listen_unix(const std::string& path, uint32_t mode, const std::string& group) {
  const auto address = unix_address(path);
  if (!address) return address.error();
  const std::string directory = path.substr(0, path.rfind('/') + 1);
  if (!directory.empty() && mkdir(directory.c_str(), 0755) && errno != EEXIST)
    return errno_error("make the directory " + directory);
  if (auto free = make_room(path, *address); !free) return free.error();

  Fd fd(socket(AF_UNIX, kFlags, 0));
  if (!fd) return errno_error("make a Unix socket");
  if (auto bound = bind_unix(fd, path, *address); !bound) return bound.error();
  auto restricted = restrict(path, mode, group);
  if (restricted && ::listen(fd.get(), kBacklog)) restricted = errno_error("listen on " + path);
  if (!restricted) {
    unlink(path.c_str());
    return restricted.error();
  }
  return fd;
}

Result<Fd> listen_tcp(const Endpoint& endpoint) {
  const std::string name = to_string(endpoint.address, endpoint.port);
  Fd fd(socket(endpoint.address.family(), kFlags, IPPROTO_TCP));
  if (!fd) return errno_error("make a TCP socket for " + name);
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));

  sockaddr_storage storage{};
  socklen_t size = 0;
  if (endpoint.address.is_v4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = endpoint.port.be();
    v4.sin_addr.s_addr = endpoint.address.v4();
    size = sizeof(v4);
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = endpoint.port.be();
    std::memcpy(&v6.sin6_addr, endpoint.address.bytes().data(), sizeof(v6.sin6_addr));
    size = sizeof(v6);
  }
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), size) ||
      ::listen(fd.get(), kBacklog))
    return errno_error("listen on " + name);
  return fd;
}

Result<Endpoint> bound_endpoint(const Fd& socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &size))
    return errno_error("ask a socket for its address");
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    return Endpoint{Address::from_v4(v4.sin_addr.s_addr), Port::from_be(v4.sin_port)};
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
  std::array<uint8_t, 16> bytes;
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return Endpoint{Address::from_v6(bytes), Port::from_be(v6.sin6_port)};
}

}  // namespace pinion
