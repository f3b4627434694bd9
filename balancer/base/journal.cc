// SPDX-License-Identifier: Apache-2.0
#include "balancer/base/journal.h"

#include <string>

namespace pinion {

bool is_journal_stream(std::string_view journal_stream, const struct stat& file) {
  return journal_stream == std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino);
}

}  // namespace pinion
