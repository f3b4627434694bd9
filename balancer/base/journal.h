// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <string_view>

namespace pinion {

// Does the file lead to journald? systemd says so in $JOURNAL_STREAM, "device:inode" of the stream
// that it gave to the service (systemd.exec(5)); whoever has redirected stderr since has another.
bool is_journal_stream(std::string_view journal_stream, const struct stat& file);

}  // namespace pinion
