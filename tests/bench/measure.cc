// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/measure.h"

#include <linux/bpf.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>

#include "tests/bench/frames.h"

namespace pinion::bench {
namespace {

[[noreturn]] void fail(const Row& row, const std::string& what) {
  throw std::runtime_error("row \"" + row.name + "\": " + what);
}

// Every frame came back with the action and in its length.
void check_frames(const Row& row, const Driver::Run& run, uint32_t action, uint32_t packets) {
  if (run.proof.actions[action] != packets)
    fail(row, "action " + std::to_string(action) + " for " +
                  std::to_string(run.proof.actions[action]) + " of " + std::to_string(packets) +
                  " packets");
  if (run.proof.resized) fail(row, std::to_string(run.proof.resized) + " packets were resized");
  const auto grown = static_cast<size_t>(action == XDP_PASS ? 0 : row.plan.grown);
  if (!checksums_hold(run.frame, row.plan.is_v6, grown))
    fail(row, "the last packet's checksum is wrong");
}

void check_verdicts(const Row& row, Instance::Verdicts before, uint32_t packets) {
  const Instance::Verdicts after = row.instance->verdicts();
  before[row.verdict] += packets;
  if (after == before) return;
  std::string seen;
  for (size_t i = 0; i < after.size(); ++i)
    if (after[i] != before[i])
      seen += " " + std::to_string(i) + ":" +
              std::to_string(static_cast<int64_t>(after[i] - before[i]));
  fail(row, "verdicts are not all " + std::to_string(row.verdict) + "; verdict:difference" + seen);
}

class Session {
 public:
  Session(Driver& driver, const Effort& effort) : driver_(driver), effort_(effort) {}

  // One pair, in either order.
  double net(Row& row) {
    double pass = 0;
    const bool pass_first = random_() & 1;
    if (pass_first) pass = run_pass(row);
    const double full = run(row);
    if (!pass_first) pass = run_pass(row);
    return full - pass;
  }

  void shuffle(std::vector<size_t>& order) { std::shuffle(order.begin(), order.end(), random_); }

 private:
  double run(Row& row) {
    if (row.sweeps) row.instance->sweep();
    packets(row, effort_.warm_up);
    return packets(row, effort_.packets);
  }

  double packets(Row& row, uint32_t count) {
    Instance::Verdicts before{};
    if (row.fresh) {
      row.plan.first = row.fresh;
      row.plan.flows = count;
      row.fresh += count;
    }
    if (row.instance) before = row.instance->verdicts();
    const Driver::Run run = driver_.run(row.plan, count);
    check_frames(row, run, row.action, count);
    if (row.instance) check_verdicts(row, before, count);
    return run.ns;
  }

  double run_pass(const Row& row) {
    bench_plan plan = row.plan;
    plan.program = driver_.pass();
    plan.grown = 0;
    if (row.fresh) plan.flows = effort_.packets;
    driver_.run(plan, effort_.warm_up);
    const Driver::Run run = driver_.run(plan, effort_.packets);
    check_frames(row, run, XDP_PASS, effort_.packets);
    return run.ns;
  }

  Driver& driver_;
  const Effort effort_;
  std::mt19937 random_{std::random_device{}()};
};

}  // namespace

std::vector<std::vector<double>> measure(Driver& driver, std::vector<Row>& rows,
                                         const Effort& effort) {
  Session session(driver, effort);
  std::vector<std::vector<double>> nets(rows.size());
  std::vector<size_t> order(rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  for (uint32_t round = 0; round < effort.rounds; ++round) {
    session.shuffle(order);
    for (const size_t row : order) nets[row].push_back(session.net(rows[row]));
  }
  return nets;
}

}  // namespace pinion::bench
