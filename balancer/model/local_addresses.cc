// SPDX-License-Identifier: Apache-2.0
#include "balancer/model/local_addresses.h"

#include <algorithm>
#include <iterator>

namespace pinion {
namespace {

// That of the address, or a free one for it; 0 where all are given.
uint8_t number_of(const Address& address, const pinion_local_addresses& local) {
  for (size_t number = 1; number < PINION_LOCAL_ADDRESSES; ++number) {
    const Address known = Address::from_words(local.address[number]);
    if (known == address || known.is_unspecified()) return static_cast<uint8_t>(number);
  }
  return 0;
}

}  // namespace

Result<pinion_local_addresses> renumber(const pinion_local_addresses& present,
                                        std::span<const config::LocalAddress> wanted) {
  pinion_local_addresses next = present;
  next.count4 = next.count6 = 0;
  std::fill(std::begin(next.pool4), std::end(next.pool4), uint8_t{0});
  std::fill(std::begin(next.pool6), std::end(next.pool6), uint8_t{0});
  next.first_port = PINION_FIRST_LOCAL_PORT;
  next.ports = 65536 - PINION_FIRST_LOCAL_PORT;
  for (const auto& [address, interface] : wanted) {
    const uint8_t number = number_of(address, next);
    if (number == 0)
      return refusal("director.local_addresses: no number is left for " + address.to_string() +
                     ": " + std::to_string(PINION_LOCAL_ADDRESSES - 1) +
                     " other addresses have had one since the tables were made, and connections "
                     "may still have them; use one of those again, or stop piniond with "
                     "director.on_stop: withdraw and start it again (its connections are then "
                     "lost)");
    const auto words = address.words();
    std::copy(words.begin(), words.end(), next.address[number]);
    if (address.is_v4())
      next.pool4[next.count4++] = number;
    else
      next.pool6[next.count6++] = number;
  }
  return next;
}

}  // namespace pinion
