// SPDX-License-Identifier: Apache-2.0
// The mark of an instance: IFA_PROTO of the addresses and rtm_protocol of the routes that it adds.
// It stays in the kernel's tables when the daemon is gone: a later start of that instance knows by
// it what is its own to remove, and leaves alone what is anybody else's, another instance too.
#pragma once

#include <cstdint>
#include <string_view>

namespace pinion {

inline constexpr uint8_t kDefaultMark = 80;  // 'P': of the instance "default".
// Every other has one of these by its name; the numbers are in nobody else's use (rt_protos).
inline constexpr uint8_t kFirstMark = 100;
inline constexpr uint8_t kMarks = 64;

// Two names may have the same mark: the second one of them is refused a start.
constexpr uint8_t mark_of(std::string_view instance) {
  if (instance == "default") return kDefaultMark;
  uint32_t hash = 2166136261;  // FNV-1a
  for (const char c : instance) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619;
  return static_cast<uint8_t>(kFirstMark + (hash ^ hash >> 16) % kMarks);
}

// Is it the mark of any instance?
constexpr bool is_mark(uint8_t number) {
  return number == kDefaultMark || (number >= kFirstMark && number < kFirstMark + kMarks);
}

}  // namespace pinion
