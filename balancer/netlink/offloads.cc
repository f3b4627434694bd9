// SPDX-License-Identifier: Apache-2.0
#include "balancer/netlink/offloads.h"

#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

#include "balancer/base/fd.h"

namespace pinion {

// A driver that has no such flags does not take tags off.
Result<bool> strips_vlan_tags(const std::string& interface) {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const std::string what = "ask for the offloads of " + interface;
  if (!socket) return errno_error(what);
  ethtool_value flags{.cmd = ETHTOOL_GFLAGS, .data = 0};
  ifreq request{};
  std::copy_n(interface.c_str(), std::min<size_t>(interface.size(), IFNAMSIZ - 1),
              request.ifr_name);
  request.ifr_data = reinterpret_cast<char*>(&flags);
  if (ioctl(socket.get(), SIOCETHTOOL, &request) == 0) return (flags.data & ETH_FLAG_RXVLAN) != 0;
  if (errno == EOPNOTSUPP) return false;
  return errno_error(what);
}

}  // namespace pinion
