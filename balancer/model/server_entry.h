// SPDX-License-Identifier: Apache-2.0
// A real server's entry in the map, part by part: what each part is decided by.
#pragma once

#include "balancer/base/net.h"
#include "balancer/bpf/abi/abi.h"
#include "balancer/model/next_hop.h"
#include "config/config.h"

namespace pinion {

// The configuration alone: flags are added, and those for TOA and PROXY are never taken away, for
// connections that began with them may go on. The port is not among it, nor the tunnel.
void set_configured(pinion_real_server& entry, const config::Service& service,
                    const config::Server& server);
// The service alone; set_configured() includes it. A leaving server follows its service, too.
void set_replies(pinion_real_server& entry, const config::Service& service);

// The outer header's source is the prefix that the configuration gives, or else `own`, the address
// that the kernel would send from; 0 while it is not known.
void set_tunnel(pinion_real_server& entry, const config::Tunnel& tunnel, const Address& own);
void set_next_hop(pinion_real_server& entry, const NextHop& next_hop);

}  // namespace pinion
