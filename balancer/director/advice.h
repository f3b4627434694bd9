// SPDX-License-Identifier: Apache-2.0
// What is likely a mistake, and only the running director can see: where its real servers are, by
// which interface, and what fits there. The configuration's own mistakes are config/check.h's.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "balancer/control/operator.h"
#include "balancer/model/model.h"
#include "balancer/netlink/links.h"

namespace pinion {

class Advice {
 public:
  // Looks again at the services that have changed; at all of them, where links or the director's
  // interfaces have. Returns what is new. A service has one sentence for each kind of mistake,
  // which is new once, however many of its servers come to share it.
  Warnings update(const Model& model, const std::vector<Link>& links,
                  const std::vector<std::string>& interfaces);
  // All that stands, by the services' names.
  Warnings all() const;

 private:
  enum class Kind { kNone, kBehindRouter, kRepliesUnseen, kNoRoom, kTight };
  struct Finding {
    Kind kind = Kind::kNone;
    std::string what;
  };
  struct Seen {
    std::shared_ptr<const ModelService> service;
    std::map<Kind, std::string> warnings;
  };

  std::map<Kind, std::string> examine(const Model& model, const ModelService& service) const;
  bool is_entrance(const Link& link) const;
  Finding examine(const ModelService& service, const ModelServer& server,
                  const Reachability& fact) const;

  std::map<std::string, Seen> seen_;
  std::vector<Link> links_;
  std::vector<std::string> interfaces_;
};

}  // namespace pinion
