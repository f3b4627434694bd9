// SPDX-License-Identifier: Apache-2.0
// The VIPs, local addresses and host routes of the configuration, on the interfaces. What we added
// is marked as ours in the kernel (netlink/mark.h), so that only that is ever removed, after a
// crash too.
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
  // What add() has put in place, so that undo() can take it back.
  struct Added {
    struct Change {
      Route route;
      std::optional<Route> before;  // Whose place it took.
    };

    std::vector<InterfaceAddress> addresses;
    std::vector<Change> routes;
  };

  static Result<Addressing> open(asio::io_context& io, const std::string& instance);

  Result<std::vector<Link>> links() { return list_links(socket_); }

  // Adds what is missing, after asking whether another host answers for a new address (this takes
  // a second). On failure nothing has been added; the error begins with "vips[0]" or the like.
  Result<Added> add(const Config& config);
  void undo(const Added& added);
  // Removes what is ours and not asked for. Failures are logged.
  void remove_others(const Config& config);
  // Puts back what has disappeared: its link went down or was created anew, or somebody removed it.
  // What cannot be put back now (there is no such link) is left for the next time.
  void restore(const Config& config);
  // Tells whoever is on these links of the addresses there.
  void announce(const Config& config, const std::vector<Link>& links);

  // Does one of the two ask for other addresses or routes?
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
  void note_restored(const std::string& what, const std::string& name, const Result<>& put);
  Result<> add_address_to(const Link& link, const Wanted& wanted, Added& added);

  NetlinkSocket socket_;
  Announcer announcer_;
  uint8_t mark_;
  std::map<std::string, std::string> missing_;  // What restore() has said of each.
};

}  // namespace pinion
