// SPDX-License-Identifier: Apache-2.0
// What Prometheus' own tool says of the metrics, the alerts and the example.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "balancer/metrics/metrics.h"
#include "tests/unit/metrics/small_snapshot.h"

namespace pinion {
namespace {

struct Outcome {
  int status = -1;
  std::string output;
};

Outcome run(const std::string& command) {
  Outcome outcome;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return outcome;
  char buffer[4096];
  while (const size_t got = std::fread(buffer, 1, sizeof(buffer), pipe))
    outcome.output.append(buffer, got);
  outcome.status = ::pclose(pipe);
  return outcome;
}

class Promtool : public testing::Test {
 protected:
  void SetUp() override {
    if (run("command -v promtool").status != 0)
      GTEST_SKIP() << "promtool is not installed (Debian package prometheus)";
  }

  static Outcome check_metrics(const std::string& text) {
    const auto path = std::filesystem::temp_directory_path() /
                      ("pinion-metrics-" + std::to_string(::getpid()) + ".txt");
    std::ofstream(path) << text;
    const Outcome outcome = run("promtool check metrics < " + path.string());
    std::filesystem::remove(path);
    return outcome;
  }
};

TEST_F(Promtool, FindsNothingWrongWithTheMetrics) {
  const Outcome outcome = check_metrics(render(test::small_snapshot()));
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.output, "");
}

TEST_F(Promtool, AcceptsHostileNames) {
  Snapshot snapshot = test::small_snapshot();
  snapshot.services[0].name = "a\"} 1\n# HELP \\";
  EXPECT_EQ(check_metrics(render(snapshot)).output, "");
}

TEST_F(Promtool, WouldFindAMetricOutOfLine) {
  EXPECT_NE(check_metrics("# TYPE pinion_packets counter\npinion_packets 1\n").output, "");
}

TEST_F(Promtool, AcceptsTheAlerts) {
  const Outcome outcome =
      run("promtool check rules " PINION_SOURCE_DIR "/deploy/prometheus/alerts.yaml");
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

TEST_F(Promtool, AlertsFireWhenTheyShould) {
  const Outcome outcome =
      run("cd " PINION_SOURCE_DIR "/tests/unit/metrics && promtool test rules alerts_test.yaml");
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

TEST_F(Promtool, AcceptsTheExample) {
  const Outcome outcome =
      run("promtool check config " PINION_SOURCE_DIR "/deploy/prometheus/prometheus.yaml");
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

}  // namespace
}  // namespace pinion
