// SPDX-License-Identifier: Apache-2.0
#include "balancer/netlink/announce.h"

#include <chrono>
#include <map>
#include <utility>

#include "balancer/netlink/frames.h"
#include "balancer/netlink/packet_socket.h"

namespace pinion {
namespace {

constexpr int kTimes = 3;
constexpr std::chrono::seconds kPause(1);

std::vector<Frame> announcements(const Mac& mac, const Address& address) {
  if (!address.is_v4()) return {unsolicited_advertisement(mac, address)};
  return {gratuitous_arp(mac, address, ArpForm::kRequest),
          gratuitous_arp(mac, address, ArpForm::kReply)};
}

}  // namespace

// Shared with the coroutines that wait, so that it outlives the Announcer until they have ended.
struct Announcer::State : std::enable_shared_from_this<State> {
  State(asio::io_context& loop, PacketSocket packets) : io(loop), socket(std::move(packets)) {}

  // If the address has another timer by now, or none, announce() or stop() was called meanwhile.
  using Timer = std::shared_ptr<asio::steady_timer>;

  static asio::awaitable<void> run(std::shared_ptr<State> self, Link link, Address address,
                                   Timer timer) {
    boost::system::error_code ignored;
    for (int i = 0; i < kTimes && self->current(address, timer); ++i) {
      self->send(link, address);
      timer->expires_after(kPause);
      co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (self->current(address, timer)) self->timers.erase(address);
  }

  bool current(const Address& address, const Timer& timer) const {
    const auto found = timers.find(address);
    return found != timers.end() && found->second == timer;
  }

  void send(const Link& link, const Address& address) {
    for (const Frame& frame : announcements(link.mac, address)) {
      auto sent = socket.send(link.index, frame);
      if (sent) continue;
      log::warning("announcement failed", {{"address", address.to_string()},
                                           {"interface", link.name},
                                           {"error", sent.error().message()}});
      return;
    }
  }

  void stop(const Address& address) {
    const auto found = timers.find(address);
    if (found == timers.end()) return;
    const Timer timer = std::move(found->second);
    timers.erase(found);
    timer->cancel();
  }

  void stop_all() {
    while (!timers.empty()) stop(Address(timers.begin()->first));
  }

  asio::io_context& io;
  PacketSocket socket;
  std::map<Address, Timer> timers;
};

Result<Announcer> Announcer::open(asio::io_context& io) {
  auto socket = PacketSocket::open(PacketSocket::Receives::kNothing);
  if (!socket) return socket.error();
  return Announcer(std::make_shared<State>(io, std::move(*socket)));
}

Announcer::Announcer(std::shared_ptr<State> state) : state_(std::move(state)) {}
Announcer::Announcer(Announcer&&) noexcept = default;

Announcer& Announcer::operator=(Announcer&& other) noexcept {
  if (state_ && state_ != other.state_) state_->stop_all();
  state_ = std::move(other.state_);
  return *this;
}

Announcer::~Announcer() {
  if (state_) state_->stop_all();
}

void Announcer::announce(const Link& link, const Address& address) {
  state_->stop(address);
  auto timer = std::make_shared<asio::steady_timer>(state_->io);
  state_->timers[address] = timer;
  asio::co_spawn(state_->io, State::run(state_, link, address, timer), report("announcer"));
}

void Announcer::stop(const Address& address) { state_->stop(address); }

}  // namespace pinion
