// SPDX-License-Identifier: Apache-2.0
// Which interfaces have the program, and where it is attached for each of them, as they come, go,
// and change their names.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/dataplane/attachments.h"
#include "balancer/dataplane/pins.h"
#include "balancer/dataplane/program.h"
#include "balancer/dataplane/tables.h"
#include "balancer/interfaces/attach_point.h"
#include "balancer/model/change.h"
#include "balancer/model/features.h"
#include "balancer/model/snapshot.h"
#include "balancer/netlink/links.h"
#include "config/config.h"

namespace pinion {

// Owns the attachments. A new configuration is taken over in three steps, so that a failure leaves
// what was live:
//
//   auto points = interfaces.find_attach_points(names, links);  // Changes nothing.
//   interfaces.attach(points, features);                        // Or fails, and undoes itself.
//   ... what else can fail; if it does: interfaces.undo_attach(points) ...
//   interfaces.keep(points, next);                              // Detaches what is not needed.
//
// Until the first keep() this is a start: what an earlier daemon left stays as it is.
class Interfaces {
 public:
  // `pins`, `program` and `tables` outlive it.
  Interfaces(const Pins& pins, Program& program, Tables& tables, config::XdpMode mode);

  // Must the program tell VLANs apart for these? A start asks, so that it loads the program once.
  // Ignores interfaces that cannot have the program; find_attach_points() refuses them.
  static bool need_vlans(const std::vector<Link>& links, const std::vector<std::string>& names);

  // All links of the namespace, as last reported.
  const std::vector<Link>& links() const { return links_; }

  // Where the program must be attached for director.interfaces. Those that are live stay where they
  // are: they may be gone for the moment. Fails, naming the remedy, where a new one does not exist
  // or cannot have the program. `links` is what the kernel has now.
  Result<AttachPoints> find_attach_points(const std::vector<std::string>& names,
                                          std::vector<Link> links);
  // The part of attach() that comes before any interface runs the program.
  Result<> add_vlans(const AttachPoints& wanted, Features features);
  // Attaches the program where it is not yet, and extends it by `features` first. On failure it is
  // attached where it was before.
  Result<> attach(const AttachPoints& wanted, Features features);
  // Takes back a successful attach() that was not kept.
  void undo_attach(const AttachPoints& wanted);
  // From now on these are live, as `live` names them. Detaches the program everywhere else.
  void keep(AttachPoints points, const Config& live);

  // Detaches what an earlier daemon attached and this one did not take over.
  void detach_left_over() { attachments_.detach_others(); }
  // Detaches everything, also what an earlier daemon left.
  void detach_all();

  // The links have changed. An interface that was renamed keeps its program. One that came back
  // under its name gets it anew. Logs what it cannot do, and what became of interfaces that the
  // configuration names.
  void on_links(const std::vector<Link>& links);

  // Real servers are reached by the interfaces in `change`, too. True: some of these are new.
  bool add_egress(const Change& change);
  // The same, and lets frames leave by them if they are VLAN devices. Logs a failure.
  void open_egress(const Change& change);

  // `name` is one of director.interfaces.
  InterfaceSnapshot describe(const std::string& name) const;

 private:
  AttachPoints find_again() const;
  Result<> attach_at(const AttachPoint& point);
  void detach_unused();
  void remove_unused_vlans();
  Result<> extend_program(const Features& features);
  void set_links(std::vector<Link> links);

  Program& program_;
  Tables& tables_;
  Attachments attachments_;
  bool replaced_ = true;  // Every attachment has the program with all its features.
  bool is_start_ = true;  // keep() has not been called yet.
  std::vector<Link> links_;
  std::vector<std::string> names_;  // The live director.interfaces,
  AttachPoints points_;             // and where the program is for those that exist.
  std::set<std::string> logged_;    // Interfaces whose changes are logged.
  std::set<uint32_t> egress_;       // Every interface that a real server has been reached by.
};

}  // namespace pinion
