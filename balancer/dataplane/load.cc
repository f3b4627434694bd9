// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/load.h"

#include <bit>
#include <cstring>

namespace pinion {
namespace {

// Half of the numbers, so that counts on either side of it, and of 0, are told from each other:
// there are fewer than 2^30 connections, and what ends in one map may have begun in the other.
constexpr uint32_t kApart = 1u << 31;

using Counts = Load::Former;

bool is_apart(const Counts& counts) { return (counts.inactive + kApart / 2) & kApart; }

Counts joined(const Counts& apart, const Counts& former) {
  return {apart.active + former.active, apart.inactive - kApart + former.inactive};
}

// Both counts are one word, which is read and written whole.
uint64_t* word_of(pinion_load& entry) { return reinterpret_cast<uint64_t*>(&entry); }

template <typename Entry>
Counts read(const Entry& entry) {
  return std::bit_cast<Counts>(
      __atomic_load_n(reinterpret_cast<const uint64_t*>(&entry), __ATOMIC_RELAXED));
}

void join_one(pinion_load& entry, const Counts& former) {
  uint64_t word = __atomic_load_n(word_of(entry), __ATOMIC_RELAXED);
  while (is_apart(std::bit_cast<Counts>(word))) {
    const auto next = std::bit_cast<uint64_t>(joined(std::bit_cast<Counts>(word), former));
    if (__atomic_compare_exchange_n(word_of(entry), &word, next, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_RELAXED))
      return;
  }
}

}  // namespace

Result<> Load::begin_apart(int next, uint32_t entries) {
  auto mapped = MappedArray<pinion_load>::map(next, entries, "load");
  if (!mapped) return mapped.error();
  for (uint32_t i = 0; i < entries; ++i) (*mapped)[i] = {.active = 0, .inactive = kApart};
  return {};
}

Result<Load> Load::open(const Program& program, uint32_t entries) {
  Load load;
  if (auto mapped = program.map_into(load.entries_, "load", entries); !mapped)
    return mapped.error();
  const Fd& former = program.former("load");
  if (!former) return load;
  auto mapped = MappedArray<Former>::map(former.get(), entries, "load");
  if (!mapped) return mapped.error();
  load.former_ = std::move(*mapped);
  return load;
}

pinion_load Load::at(uint32_t index) const {
  Counts counts = read(entries_[index]);
  if (is_apart() && pinion::is_apart(counts)) counts = joined(counts, read(former_[index]));
  return {.active = counts.active, .inactive = counts.inactive};
}

void Load::join() {
  for (size_t i = 0; i < former_.size(); ++i) join_one(entries_[i], read(former_[i]));
  former_ = {};
}

}  // namespace pinion
