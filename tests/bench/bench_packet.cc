// SPDX-License-Identifier: Apache-2.0
// What a packet costs on each path, against the budgets.
#include <bpf/libbpf.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <fstream>
#include <set>

#include "tests/bench/measure.h"
#include "tests/bench/report.h"

namespace pinion::bench {
namespace {

struct Options {
  Effort effort;
  Sizes sizes;
  unsigned cpu = 0;
  std::string rows;
  std::string json;
};

// Small tables and few packets: it proves the paths, and its times mean nothing.
void make_quick(Options& options) {
  options.effort = {.rounds = 2, .packets = 1000, .warm_up = 1000};
  options.sizes = {.small = 1000, .large = 20'000, .huge = 40'000, .many = 1000};
}

// Only rows that have `part` in their names, and what their budgets are ratios to.
void keep_rows(std::vector<Row>& rows, const std::string& part) {
  std::set<std::string> wanted;
  for (const Row& row : rows)
    if (row.name.find(part) != std::string::npos) wanted.insert(row.name);
  // From the last row to the first: a budget is of an earlier row.
  for (auto row = rows.rbegin(); row != rows.rend(); ++row)
    if (row->budget && wanted.count(row->name)) wanted.insert({row->budget->of, row->budget->over});
  std::erase_if(rows, [&](const Row& row) { return !wanted.count(row.name); });
}

void run(const Options& options) {
  pin_to_cpu(options.cpu);
  Driver driver;
  Bench bench = make_bench(driver, options.sizes);
  keep_rows(bench.rows, options.rows);
  const auto costs = costs_of(bench.rows, measure(driver, bench.rows, options.effort));
  std::fputs(as_table(costs).c_str(), stdout);
  if (!options.json.empty()) {
    std::ofstream file(options.json);
    if (!(file << as_json(costs)).flush())
      throw std::runtime_error("cannot write \"" + options.json + "\"");
  }
}

}  // namespace
}  // namespace pinion::bench

int main(int argc, char** argv) {
  pinion::bench::Options options;
  bool quick = false;
  CLI::App app("Measures what a packet costs on each path of the data plane (needs root).");
  app.add_option("--rounds", options.effort.rounds, "how often each row is measured")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app.add_option("--packets", options.effort.packets, "packets of each measurement")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  app.add_option("--warm-up", options.effort.warm_up, "packets before each, untimed")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  app.add_option("--cpu", options.cpu, "the CPU to stay on")->capture_default_str();
  app.add_option("--rows", options.rows, "only rows that have this in their names");
  app.add_option("--json", options.json, "write the results to this file, too");
  app.add_flag("--quick", quick, "prove the paths, with small tables; the times mean nothing");
  CLI11_PARSE(app, argc, argv);
  if (quick) make_quick(options);
  try {
    pinion::bench::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_packet: %s\n", error.what());
    return 1;
  }
}
