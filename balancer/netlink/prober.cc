// SPDX-License-Identifier: Apache-2.0
#include "balancer/netlink/prober.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "balancer/netlink/packet_socket.h"

namespace pinion {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kInterval(500);
constexpr milliseconds kRetry(250);
constexpr milliseconds kSilentInterval(1000);
constexpr milliseconds kPatience(3000);
constexpr milliseconds kFirstPatience(1000);
constexpr uint32_t kProbes = 4;  // At least so many go unanswered before a hop is silent.
constexpr milliseconds kTick(25);
constexpr int kPerTick = 5;  // 200 a second.

struct Watched {
  Asker asker;
  Answering known;
  std::optional<Mac> guess;
  bool reported = false;       // `known` has been reported.
  uint32_t unanswered = 0;     // Probes since the last answer.
  Clock::time_point probed;    // The last probe.
  Clock::time_point answered;  // The last answer; until there is one, when the watch began.
  Clock::time_point due;       // The next probe.
};

bool silent(const Watched& hop, Clock::time_point now) {
  return hop.unanswered >= kProbes &&
         now - hop.answered >= (hop.reported ? kPatience : kFirstPatience);
}

}  // namespace

// Shared with the coroutines that wait on it, so that it outlives the Prober until they have ended.
class Prober::State : public std::enable_shared_from_this<State> {
 public:
  State(asio::io_context& io, Changed changed, PacketSocket arp, PacketSocket discovery)
      : changed_(std::move(changed)),
        arp_(std::move(arp)),
        discovery_(std::move(discovery)),
        arp_ready_(io, arp_.fd()),
        discovery_ready_(io, discovery_.fd()),
        timer_(io) {}

  // The packet sockets own the descriptors and close them.
  ~State() {
    arp_ready_.release();
    discovery_ready_.release();
  }

  void start() {
    const auto executor = timer_.get_executor();
    asio::co_spawn(executor, probe_in_turn(shared_from_this()), report("prober"));
    asio::co_spawn(executor, listen(shared_from_this(), arp_, arp_ready_), report("prober arp"));
    asio::co_spawn(executor, listen(shared_from_this(), discovery_, discovery_ready_),
                   report("prober nd"));
  }

  void stop() {
    stopped_ = true;
    timer_.cancel();
    arp_ready_.cancel();
    discovery_ready_.cancel();
  }

  void watch(const Hop& hop, const Asker& asker, const std::optional<Mac>& guess) {
    const auto [entry, fresh] = hops_.try_emplace(hop);
    Watched& watched = entry->second;
    watched.asker = asker;
    if (!fresh) return;
    watched.guess = guess;
    watched.answered = Clock::now();
    reschedule(hop, watched, Clock::now());
  }

  void unwatch(const Hop& hop) {
    const auto found = hops_.find(hop);
    if (found == hops_.end()) return;
    schedule_.erase({found->second.due, hop});
    hops_.erase(found);
  }

  void probe_now(const Hop& hop) {
    const auto found = hops_.find(hop);
    if (found == hops_.end()) return;
    found->second.unanswered = std::max(found->second.unanswered, 1u);
    reschedule(hop, found->second, Clock::now());
  }

 private:
  using Self = std::shared_ptr<State>;

  static asio::awaitable<void> probe_in_turn(Self self) {
    boost::system::error_code ignored;
    while (!self->stopped_) {
      const auto next = self->schedule_.empty()
                            ? Clock::time_point::max()
                            : std::max(self->schedule_.begin()->first, self->last_tick_ + kTick);
      if (next <= Clock::now()) {
        self->probe_due();
        continue;
      }
      self->timer_.expires_at(next);
      co_await self->timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
  }

  static asio::awaitable<void> listen(Self self, PacketSocket& socket,
                                      asio::posix::stream_descriptor& ready) {
    boost::system::error_code failure;
    while (!self->stopped_) {
      co_await ready.async_wait(asio::posix::stream_descriptor::wait_read,
                                asio::redirect_error(asio::use_awaitable, failure));
      if (self->stopped_) co_return;
      socket.receive([&](uint32_t ifindex, const Claim& claim) { self->on_claim(ifindex, claim); });
    }
  }

  void reschedule(const Hop& hop, Watched& watched, Clock::time_point due) {
    schedule_.erase({watched.due, hop});
    watched.due = due;
    schedule_.emplace(due, hop);
    if (schedule_.begin()->second == hop) timer_.cancel();
  }

  void probe_due() {
    const auto now = Clock::now();
    last_tick_ = now;
    for (int i = 0; i < kPerTick; ++i) {
      if (schedule_.empty() || schedule_.begin()->first > now) return;
      const Hop hop = schedule_.begin()->second;
      Watched& watched = hops_.at(hop);
      if (silent(watched, now)) update(hop, watched, false, watched.known.mac);
      if (stopped_ || !hops_.contains(hop)) continue;
      probe(hop, watched, now);
    }
  }

  void probe(const Hop& hop, Watched& watched, Clock::time_point now) {
    std::optional<Mac> to;
    if (watched.unanswered == 0) to = watched.reported ? watched.known.mac : watched.guess;
    const Frame frame = ask(watched.asker, hop.address, to);
    // A probe that cannot be sent (the link is down) counts as unanswered.
    (void)(hop.address.is_v4() ? arp_ : discovery_).send(hop.ifindex, frame).has_value();
    ++watched.unanswered;
    watched.probed = now;
    const bool known_silent = watched.reported && !watched.known.answers;
    reschedule(hop, watched, now + (known_silent ? kSilentInterval : kRetry));
  }

  void on_claim(uint32_t ifindex, const Claim& claim) {
    if (!claim.answer || claim.mac.is_zero()) return;
    const Hop hop{ifindex, claim.address};
    const auto found = hops_.find(hop);
    if (found == hops_.end()) return;
    Watched& watched = found->second;
    watched.unanswered = 0;
    watched.answered = Clock::now();
    reschedule(hop, watched, std::max(watched.probed + kInterval, watched.answered));
    update(hop, watched, true, claim.mac);
  }

  // Must be the last thing that is done to `watched`: the callee may unwatch the hop.
  void update(const Hop& hop, Watched& watched, bool answers, const Mac& mac) {
    const Answering next{mac, answers};
    if (std::exchange(watched.reported, true) && watched.known == next) return;
    watched.known = next;
    changed_(hop, next);
  }

  Changed changed_;
  PacketSocket arp_;
  PacketSocket discovery_;
  asio::posix::stream_descriptor arp_ready_;
  asio::posix::stream_descriptor discovery_ready_;
  asio::steady_timer timer_;
  std::map<Hop, Watched> hops_;
  std::set<std::pair<Clock::time_point, Hop>> schedule_;  // Every hop once, by `due`.
  Clock::time_point last_tick_;
  bool stopped_ = false;
};

Result<Prober> Prober::open(asio::io_context& io, Changed changed) {
  auto arp = PacketSocket::open(PacketSocket::Receives::kArp);
  if (!arp) return arp.error();
  auto discovery = PacketSocket::open(PacketSocket::Receives::kNeighbourDiscovery);
  if (!discovery) return discovery.error();
  auto state =
      std::make_shared<State>(io, std::move(changed), std::move(*arp), std::move(*discovery));
  state->start();
  return Prober(std::move(state));
}

Prober::Prober(std::shared_ptr<State> state) : state_(std::move(state)) {}
Prober::Prober(Prober&&) noexcept = default;

Prober& Prober::operator=(Prober&& other) noexcept {
  if (state_ && state_ != other.state_) state_->stop();
  state_ = std::move(other.state_);
  return *this;
}

Prober::~Prober() {
  if (state_) state_->stop();
}

void Prober::watch(const Hop& hop, const Asker& asker, const std::optional<Mac>& guess) {
  state_->watch(hop, asker, guess);
}

void Prober::unwatch(const Hop& hop) { state_->unwatch(hop); }

void Prober::probe_now(const Hop& hop) { state_->probe_now(hop); }

}  // namespace pinion
