// SPDX-License-Identifier: Apache-2.0
// Whatever is asked: a request is read as a verb with its arguments, or refused with a reason and a
// status of the client's. The input is "METHOD TARGET\n" and the body.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "balancer/control/json.h"
#include "balancer/control/router.h"

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(text.find('\n'), size);
  const std::string line = text.substr(0, end);
  const size_t blank = std::min(line.find(' '), line.size());
  auto target = pinion::http::parse_target(line.substr(std::min(blank + 1, line.size())));
  if (!target) return 0;
  const auto call = pinion::control::read_call(
      {line.substr(0, blank), std::move(*target), text.substr(std::min(end + 1, size))});
  if (call) {
    require(call->verb && call->verb->handler, "a verb that does nothing");
    return 0;
  }
  require(call.error().status >= 400 && call.error().status < 500, "a status of the server's");
  require(!call.error().message.empty(), "refused without a reason");
  pinion::control::to_text(pinion::control::to_json(call.error()));
  return 0;
}
