// SPDX-License-Identifier: Apache-2.0
// Smooth weighted round robin, as nginx does it (ngx_http_upstream_round_robin.c): in each turn
// every candidate gains its weight, the one that then has most is taken (of several the first), and
// pays the sum of all weights. Weights 5, 1, 1 give a a b a c a a, not a a a a a b c. The table is
// one full cycle, after which everybody is back at nothing.
//
// A cycle has as many slots as the weights have in sum, divided by their common divisor. Where that
// is more than 8,192 and more than four a candidate, the weights are scaled down to this bound:
// proportions are then approximate, to about one slot a candidate, and every candidate keeps one.
//
// Candidates of equal weight take turns among themselves, so only the first in line of each
// distinct weight is compared. Distinct weights are few where the cycle is bounded (their sum is at
// least half their number squared), so pools of any size cost little more than their slots.
#include <algorithm>
#include <map>
#include <numeric>

#include "balancer/model/schedulers.h"

namespace pinion {
namespace {

constexpr uint64_t kMostSlots = 8192;
constexpr uint64_t kMostSlotsPerCandidate = 4;

using Weights = std::vector<uint64_t>;

uint64_t sum_of(const Weights& weights) {
  return std::accumulate(weights.begin(), weights.end(), uint64_t{0});
}

void reduce(Weights& weights) {
  uint64_t divisor = 0;
  for (const uint64_t weight : weights) divisor = std::gcd(divisor, weight);
  for (uint64_t& weight : weights) weight /= divisor;
}

void bound(Weights& weights) {
  const uint64_t sum = sum_of(weights);
  const uint64_t most = std::max<uint64_t>(kMostSlots, kMostSlotsPerCandidate * weights.size());
  if (sum <= most) return;
  // One slot a candidate is set aside for rounding up, so that the bound holds for any weights.
  const uint64_t room = most - weights.size();
  for (uint64_t& weight : weights) weight = std::max<uint64_t>(1, (weight * room + sum / 2) / sum);
  reduce(weights);
}

// The candidates of one weight, in their order.
struct Line {
  int64_t weight = 0;
  std::vector<uint32_t> members;
  uint64_t taken = 0;  // Of the whole line.

  uint32_t first() const { return members[taken % members.size()]; }
  // What the first in line has, `turn` turns after the start, in a cycle of `sum`.
  int64_t gained(int64_t turn, int64_t sum) const {
    return turn * weight - static_cast<int64_t>(taken / members.size()) * sum;
  }
};

std::vector<Line> lines_of(const Weights& weights) {
  std::map<uint64_t, Line> by_weight;
  for (uint32_t i = 0; i < weights.size(); ++i) by_weight[weights[i]].members.push_back(i);
  std::vector<Line> lines;
  for (auto& [weight, line] : by_weight) {
    line.weight = static_cast<int64_t>(weight);
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

std::vector<uint32_t> build_wrr(std::span<const Candidate> candidates) {
  if (candidates.empty()) return {};
  Weights weights;
  for (const Candidate& candidate : candidates) weights.push_back(candidate.weight);
  reduce(weights);
  bound(weights);

  std::vector<Line> lines = lines_of(weights);
  const auto sum = static_cast<int64_t>(sum_of(weights));
  std::vector<uint32_t> slots;
  slots.reserve(static_cast<size_t>(sum));
  for (int64_t turn = 1; turn <= sum; ++turn) {
    const auto next =
        std::max_element(lines.begin(), lines.end(), [&](const Line& a, const Line& b) {
          const int64_t has_a = a.gained(turn, sum);
          const int64_t has_b = b.gained(turn, sum);
          return has_a != has_b ? has_a < has_b : a.first() > b.first();
        });
    slots.push_back(next->first());
    ++next->taken;
  }
  return slots;
}

}  // namespace pinion
