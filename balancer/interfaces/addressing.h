// SPDX-License-Identifier: Apache-2.0
// Puts the configuration's VIPs, local addresses and host routes on the interfaces. The kernel
// keeps our mark with whatever we add (netlink/mark.h), so that nothing else is ever removed, not
// even after a crash.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "balancer/base/asio.h"
#include "balancer/base/error.h"
#include "balancer/netlink/addresses.h"
#include "balancer/netlink/announce.h"
#include "balancer/netlink/links.h"
#include "balancer/netlink/routes.h"
#include "balancer/netlink/socket.h"
#include "config/config.h"

namespace pinion {

class Addressing {
 public:
  // What add() added, so that undo() can take it back.
  struct Added {
    struct Change {
      Route route;
      std::optional<Route> before;  // The one that it replaced.
    };

    std::vector<InterfaceAddress> addresses;
    std::vector<Change> routes;
  };

  // Works in the network namespace that the thread is in. `io` outlives it.
  static Result<Addressing> open(asio::io_context& io, const std::string& instance);

  // All links of the namespace, as the kernel has them now.
  Result<std::vector<Link>> links() { return list_links(socket_); }

  // Adds what is missing, after asking whether another host answers for a new address (this blocks
  // for a second). On failure nothing has been added; the error begins with "vips[0]" or the like.
  Result<Added> add(const Config& config);
  // Takes back an add(). Failures are logged.
  void undo(const Added& added);
  // Removes what is ours and not in the configuration. Failures are logged.
  void remove_others(const Config& config);
  // Adds what has disappeared, because its link went down or was created anew, or somebody removed
  // it. Logs what cannot be added now, for instance because its link does not exist.
  void restore(const Config& config);
  // Announces the addresses that are on these links to the hosts there.
  void announce(const Config& config, const std::vector<Link>& links);

  // Do the two ask for different addresses or routes?
  static bool differ(const Config& a, const Config& b);

 private:
  Addressing(NetlinkSocket socket, Announcer announcer, uint8_t mark)
      : socket_(std::move(socket)), announcer_(std::move(announcer)), mark_(mark) {}

  // An address that the configuration asks for.
  struct Wanted;
  static std::vector<Wanted> wanted_by(const Config& config);

  Result<> add_addresses(const std::vector<Wanted>& wanted, Added& added);
  Result<> add_prefixes(const std::vector<config::Vip>& vips, Added& added);
  Result<> add_prefix(const config::Vip& vip, const std::vector<Route>& present, Added& added);
  Result<> add_routes(const std::vector<config::HostRoute>& routes, Added& added);
  Result<> put_route(const config::HostRoute& wanted, const std::vector<Link>& links,
                     const std::vector<Route>& present, Added& added);
  void log_restored(const std::string& what, const std::string& name, const Result<>& put);
  Result<> add_address_to(const Link& link, const Wanted& wanted, Added& added);

  NetlinkSocket socket_;
  Announcer announcer_;
  uint8_t mark_;
  std::map<std::string, std::string> missing_;  // Why each is missing, as last logged.
};

}  // namespace pinion
