// SPDX-License-Identifier: Apache-2.0
// The program on the interfaces, through pinned bpf_links: they hold when the daemon is gone, and
// the next one replaces the program in them without a packet in between.
#pragma once

#include <map>
#include <string>

#include "balancer/base/error.h"
#include "balancer/base/fd.h"
#include "balancer/dataplane/pins.h"
#include "balancer/dataplane/program.h"
#include "config/config.h"

namespace pinion {

class Attachments {
 public:
  struct Attachment {
    uint32_t ifindex = 0;
    bool native = false;
    bool adopted = false;  // An earlier daemon put it there.
    Fd link;
  };

  Attachments(const Pins& pins, const Program& program, config::XdpMode mode)
      : pins_(pins), program_(program), mode_(mode) {}

  // Puts the program on the interface: into the link that an earlier daemon left on it, else by a
  // new one. Native where the driver can, unless the mode is forced. Attaching twice changes
  // nothing. On failure, what an earlier daemon left there goes on forwarding.
  Result<> attach(const std::string& interface, uint32_t ifindex) {
    return attach(interface, ifindex, mode_);
  }
  // A bond's program is its ports', natively, so long as its mode and they can. Else it is put on
  // each port: by the time that a frame is the bond's, its VLAN tags are off.
  Result<> attach_bond(const std::string& bond, uint32_t ifindex,
                       const std::map<std::string, uint32_t>& ports);
  // Takes back an attach(): off, unless an earlier daemon had put it there.
  void undo(const std::string& interface);
  // Takes it off, if it is on.
  void detach(const std::string& interface);
  // Takes the program off interfaces that an earlier daemon left it on, and this one has not.
  void detach_others();

  // Puts the program, which has become another one, in the place of the old one on every
  // interface: atomically on each, so that no packet goes by it.
  Result<> replace();

  const std::map<std::string, Attachment>& all() const { return attachments_; }

 private:
  Result<> attach(const std::string& interface, uint32_t ifindex, config::XdpMode mode);
  Result<bool> take_over(const std::string& interface, uint32_t ifindex, config::XdpMode mode);
  Result<> create(const std::string& interface, uint32_t ifindex, config::XdpMode mode);
  Result<> create(const std::string& interface, uint32_t ifindex, bool native);
  Result<> change_mode(const std::string& interface, uint32_t ifindex, Fd link, bool native);

  const Pins& pins_;
  const Program& program_;
  config::XdpMode mode_;
  std::map<std::string, Attachment> attachments_;
};

}  // namespace pinion
