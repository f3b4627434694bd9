// SPDX-License-Identifier: Apache-2.0
// Whatever the text: the loader neither throws nor crashes, says why it refuses, and what it takes
// can be written and read back.
#include <cstdio>
#include <cstdlib>

#include "config/yaml/load.h"
#include "config/yaml/save.h"

namespace {

void require(bool holds, const char* what, const std::string& text) {
  if (holds) return;
  std::fprintf(stderr, "%s:\n%s\n", what, text.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const pinion::config::Vocabulary vocabulary = {{"rr", "wrr", "mh"}};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = pinion::config::load(text, "fuzz.yaml", vocabulary);
  require(loaded.ok() == loaded.errors().empty(), "refused without a reason", std::string(text));
  if (!loaded.ok()) return 0;
  const std::string written = pinion::config::to_yaml(loaded.config);
  const auto again = pinion::config::load(written, "written.yaml", vocabulary);
  require(again.ok(), "written, and not readable", written + again.errors());
  require(again.config == loaded.config, "read back as something else", written);
  require(pinion::config::diff(loaded.config, again.config).empty(), "equal, and differs", written);
  return 0;
}
