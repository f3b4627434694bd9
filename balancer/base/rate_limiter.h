// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pinion {

// A token bucket for each text: a burst at once, and then one in each interval. The caller brings
// the time along. It keeps every text that it has ever seen, so texts must come from a finite set,
// such as the literals of a program.
class RateLimiter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // `burst` is at least 1, `interval` is above 0.
  RateLimiter(uint32_t burst, std::chrono::steady_clock::duration interval)
      : burst_(burst), interval_(interval) {}

  // How many were refused since the last one that was admitted; nothing where this one is refused.
  std::optional<uint64_t> admit(std::string_view text, Time now) {
    Bucket& bucket = find(text, now);
    refill(bucket, now);
    if (bucket.tokens == 0) {
      ++bucket.refused;
      return std::nullopt;
    }
    --bucket.tokens;
    return std::exchange(bucket.refused, 0);
  }

 private:
  struct Bucket {
    uint32_t tokens;
    Time filled;  // Up to when the intervals have been turned into tokens.
    uint64_t refused = 0;
  };

  Bucket& find(std::string_view text, Time now) {
    auto found = buckets_.find(text);
    if (found == buckets_.end()) found = buckets_.emplace(text, Bucket{burst_, now}).first;
    return found->second;
  }

  // A full bucket does not save up: its next interval starts when a token is taken.
  void refill(Bucket& bucket, Time now) const {
    if (now < bucket.filled) return;
    const auto intervals = (now - bucket.filled) / interval_;
    if (intervals < burst_ - bucket.tokens) {
      bucket.tokens += static_cast<uint32_t>(intervals);
      bucket.filled += intervals * interval_;
    } else {
      bucket.tokens = burst_;
      bucket.filled = now;
    }
  }

  uint32_t burst_;
  std::chrono::steady_clock::duration interval_;
  std::map<std::string, Bucket, std::less<>> buckets_;
};

}  // namespace pinion
