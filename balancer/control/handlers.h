// SPDX-License-Identifier: Apache-2.0
// The handlers of the verbs in verbs.cc. REQUIRES: arguments have been read and checked.
#pragma once

#include "balancer/control/verb.h"

namespace pinion::control {

using Answer = asio::awaitable<Outcome<std::string>>;

// state_verbs.cc
Answer status(DirectorApi& director, Arguments arguments);
Answer stats(DirectorApi& director, Arguments arguments);
Answer verdicts(DirectorApi& director, Arguments arguments);
Answer version(DirectorApi& director, Arguments arguments);

// service_verbs.cc
Answer service_list(DirectorApi& director, Arguments arguments);
Answer service_show(DirectorApi& director, Arguments arguments);
Answer service_add(DirectorApi& director, Arguments arguments);
Answer service_set(DirectorApi& director, Arguments arguments);
Answer service_remove(DirectorApi& director, Arguments arguments);

// server_verbs.cc
Answer server_list(DirectorApi& director, Arguments arguments);
Answer server_add(DirectorApi& director, Arguments arguments);
Answer server_set(DirectorApi& director, Arguments arguments);
Answer server_drain(DirectorApi& director, Arguments arguments);
Answer server_remove(DirectorApi& director, Arguments arguments);

// connection_verbs.cc
Answer connection_list(DirectorApi& director, Arguments arguments);
Answer connection_count(DirectorApi& director, Arguments arguments);
Answer connection_flush(DirectorApi& director, Arguments arguments);

// config_verbs.cc
Answer config_show(DirectorApi& director, Arguments arguments);
Answer config_diff(DirectorApi& director, Arguments arguments);
Answer config_save(DirectorApi& director, Arguments arguments);
Answer reload(DirectorApi& director, Arguments arguments);

}  // namespace pinion::control
