// SPDX-License-Identifier: Apache-2.0
// Problems of a configuration that is no text: nobody can count its lists.
#pragma once

#include <string>
#include <string_view>

#include "config/config.h"

namespace pinion::config {

// "services[2].servers[0].weight: ..." -> "service 'web', server 10.0.0.11, weight: ...": every
// place of `text` that names an element of a list by its number names it as operators do.
std::string by_name(const Config& config, std::string_view text);

}  // namespace pinion::config
