// SPDX-License-Identifier: Apache-2.0
// Likely mistakes that only the running director can see: where its real servers are, by which
// interface they are reached, and what fits there. config/check/check.h finds the mistakes of the
// configuration alone.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "balancer/control/director_api.h"
#include "balancer/model/model.h"
#include "balancer/netlink/links.h"

namespace pinion {

class Advice {
 public:
  // Examines the services that have changed since the last call, or all of them if links or the
  // director's interfaces have. Returns what is new. A service has one sentence for each kind of
  // mistake, however many of its servers share it.
  Warnings update(const Model& model, const std::vector<Link>& links,
                  const std::vector<std::string>& interfaces);
  // Everything that still holds, in the order of the services' names.
  Warnings all() const;

 private:
  enum class Kind { kNone, kBehindRouter, kRepliesUnseen, kNoRoom, kTight };
  struct Finding {
    Kind kind = Kind::kNone;
    std::string what;
  };
  struct Examined {
    std::shared_ptr<const ModelService> service;
    std::map<Kind, std::string> warnings;
  };

  std::map<Kind, std::string> examine(const Model& model, const ModelService& service) const;
  bool receives_frames(const Link& link) const;
  Finding examine(const ModelService& service, const ModelServer& server,
                  const Reachability& fact) const;

  std::map<std::string, Examined> examined_;
  std::vector<Link> links_;
  std::vector<std::string> interfaces_;
};

}  // namespace pinion
