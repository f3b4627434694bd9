// SPDX-License-Identifier: Apache-2.0
#include "balancer/netlink/conflicts.h"

#include <algorithm>
#include <utility>

#include "balancer/netlink/frames.h"
#include "balancer/netlink/packet_socket.h"

namespace pinion {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTimes = 3;
constexpr std::chrono::milliseconds kTick(20);
constexpr size_t kPerTick = 32;  // Questions: a thousand VIPs are not a burst of a thousand frames.

// One run of duplicate address detection. It reads its sockets at intervals: it lives for a second,
// and owns all that it waits on.
class Inquiry {
 public:
  Inquiry(std::vector<Candidacy> candidacies, PacketSocket arp, PacketSocket discovery)
      : candidacies_(std::move(candidacies)),
        arp_(std::move(arp)),
        discovery_(std::move(discovery)) {
    std::erase_if(candidacies_, [](const Candidacy& c) { return !c.link.up || !c.link.arp; });
  }

  bool all_taken() const { return conflicts_.size() == candidacies_.size(); }
  bool asked_all() const { return next_ == candidacies_.size(); }
  void ask_again() { next_ = 0; }

  void ask_some() {
    const size_t end = std::min(candidacies_.size(), next_ + kPerTick);
    for (; next_ < end; ++next_) {
      const auto& [link, address] = candidacies_[next_];
      auto& socket = address.is_v4() ? arp_ : discovery_;
      auto sent = socket.send(link.index, ask({link.mac, {}}, address));
      if (!sent)
        log::warning("duplicate address detection failed", {{"address", address.to_string()},
                                                            {"interface", link.name},
                                                            {"error", sent.error().message()}});
    }
  }

  void listen() {
    const auto receive = [this](uint32_t ifindex, const Claim& claim) { on_claim(ifindex, claim); };
    arp_.receive(receive);
    discovery_.receive(receive);
  }

  std::vector<Conflict> conflicts() && { return std::move(conflicts_); }

 private:
  // A host that claims the address has it, and another host's probe means that it wants it, too
  // (RFC 5227, 2.1.1; RFC 4862, 5.4.3).
  void on_claim(uint32_t ifindex, const Claim& claim) {
    const bool asked =
        std::any_of(candidacies_.begin(), candidacies_.end(), [&](const Candidacy& candidacy) {
          return candidacy.address == claim.address && candidacy.link.index == ifindex &&
                 candidacy.link.mac != claim.mac;
        });
    const bool known =
        std::any_of(conflicts_.begin(), conflicts_.end(), [&](const Conflict& conflict) {
          return conflict.address == claim.address && conflict.ifindex == ifindex;
        });
    if (asked && !known) conflicts_.push_back({claim.address, ifindex, claim.mac});
  }

  std::vector<Candidacy> candidacies_;
  PacketSocket arp_;
  PacketSocket discovery_;
  size_t next_ = 0;  // The candidacy to ask for next.
  std::vector<Conflict> conflicts_;
};

}  // namespace

asio::awaitable<Result<std::vector<Conflict>>> find_conflicts(std::vector<Candidacy> candidacies,
                                                              std::chrono::milliseconds patience) {
  auto arp = PacketSocket::open(PacketSocket::Receives::kArp);
  if (!arp) co_return arp.error();
  auto discovery = PacketSocket::open(PacketSocket::Receives::kNeighbourDiscovery);
  if (!discovery) co_return discovery.error();
  Inquiry inquiry(std::move(candidacies), std::move(*arp), std::move(*discovery));

  asio::steady_timer timer(co_await asio::this_coro::executor);
  boost::system::error_code ignored;
  const auto start = Clock::now();
  for (int asked = 1; !inquiry.all_taken() && Clock::now() < start + patience;) {
    inquiry.ask_some();
    timer.expires_after(kTick);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    inquiry.listen();
    const bool due = Clock::now() >= start + patience * asked / kTimes;
    if (asked < kTimes && due && inquiry.asked_all()) {
      inquiry.ask_again();
      ++asked;
    }
  }
  co_return std::move(inquiry).conflicts();
}

}  // namespace pinion
