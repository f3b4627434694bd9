// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/handlers.h"
#include "balancer/control/json.h"
#include "balancer/control/rates.h"

namespace pinion::control {

Answer status(DirectorApi& director, Arguments) {
  co_return to_text(status_json(director.snapshot()));
}

Answer stats(DirectorApi& director, Arguments arguments) {
  const std::chrono::milliseconds interval(arguments.get<uint64_t>("interval").value_or(1000));
  const Snapshot before = director.snapshot();
  if (interval.count() == 0) co_return to_text(stats_json(before, nullptr));
  asio::steady_timer timer(co_await asio::this_coro::executor, interval);
  co_await timer.async_wait(asio::use_awaitable);
  co_return to_text(stats_json(director.snapshot(), &before));
}

Answer verdicts(DirectorApi& director, Arguments arguments) {
  co_return to_text(verdicts_json(director.snapshot(), arguments.flag("all")));
}

Answer version(DirectorApi& director, Arguments) {
  co_return to_text({{"version", director.snapshot().version}});
}

}  // namespace pinion::control
