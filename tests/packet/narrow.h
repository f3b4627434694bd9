// SPDX-License-Identifier: Apache-2.0
// An interface of our own, whose MTU the kernel knows.
#pragma once

#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdio>

#include "balancer/base/fd.h"

namespace pinion::packet {

// As long as it lives, a network namespace of our own, with a bridge of that MTU.
class Narrow {
 public:
  explicit Narrow(int mtu) : home_(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) {
    if (unshare(CLONE_NEWNET) != 0) return;
    left_ = true;
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::snprintf(request.ifr_name, sizeof(request.ifr_name), "narrow");
    if (ioctl(socket.get(), SIOCBRADDBR, request.ifr_name) != 0) return;
    request.ifr_mtu = mtu;
    if (ioctl(socket.get(), SIOCSIFMTU, &request) == 0) index_ = if_nametoindex("narrow");
  }
  ~Narrow() {
    if (left_) setns(home_.get(), CLONE_NEWNET);
  }
  uint32_t index() const { return index_; }  // 0: this machine has none.

 private:
  Fd home_;
  bool left_ = false;
  uint32_t index_ = 0;
};

}  // namespace pinion::packet
