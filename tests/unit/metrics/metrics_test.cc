// SPDX-License-Identifier: Apache-2.0
#include "balancer/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "balancer/metrics/labels.h"
#include "tests/unit/metrics/small_snapshot.h"

namespace pinion {
namespace {

using test::small_snapshot;
using testing::HasSubstr;
using testing::Not;

std::string read(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Without what is made from the lists in bpf/lists.h: a row there needs no change here.
std::string fixed_part(const std::string& text) {
  std::istringstream lines(text);
  std::string line, kept;
  while (std::getline(lines, line))
    if (!line.starts_with("pinion_packets_total{") &&
        !line.starts_with("pinion_connection_table_connections{"))
      kept += line + "\n";
  return kept;
}

// To accept a change, run the test with PINION_GOLDEN=write and read the difference.
TEST(Metrics, TextIsAsExpected) {
  const std::string path = PINION_SOURCE_DIR "/tests/unit/metrics/small_snapshot.txt";
  const std::string text = fixed_part(render(small_snapshot()));
  const char* golden = std::getenv("PINION_GOLDEN");
  if (golden && std::string_view(golden) == "write") std::ofstream(path) << text;
  EXPECT_EQ(text, read(path));
}

TEST(Metrics, EveryRowIsInTheTextWithItsHelpAndType) {
  const std::string text = render(small_snapshot());
  std::set<std::string_view> names;
  for (const Metric& metric : metrics()) {
    const std::string name(metric.name);
    EXPECT_TRUE(names.insert(metric.name).second) << name << " is in the table twice";
    const bool counter = metric.type == prometheus::MetricType::Counter;
    EXPECT_EQ(counter, name.ends_with("_total")) << name;
    EXPECT_THAT(name, testing::StartsWith("pinion_"));
    EXPECT_THAT(text, HasSubstr("# HELP " + name + " " + std::string(metric.help) + "\n"));
    EXPECT_THAT(text, HasSubstr("# TYPE " + name + (counter ? " counter\n" : " gauge\n")));
  }
}

TEST(Metrics, EveryVerdictHasItsCounterAndAction) {
  const Snapshot snapshot = small_snapshot();
  const std::string text = render(snapshot);
  ASSERT_EQ(verdict_labels().size(), PINION_VERDICT_COUNT - 1u);
  for (const VerdictLabel& label : verdict_labels()) {
    if (label.verdict != PINION_HOLD_FRAGMENT) {  // It comes back, and has another one then.
      EXPECT_THAT(label.name, testing::StartsWith(label.action));
    }
    EXPECT_THAT(text, HasSubstr("pinion_packets_total{verdict=\"" + label.name + "\",action=\"" +
                                label.action + "\"} " +
                                std::to_string(snapshot.verdicts[label.verdict]) + "\n"));
  }
}

TEST(Metrics, EveryStateOfAConnectionIsCounted) {
  const Snapshot snapshot = small_snapshot();
  const std::string text = render(snapshot);
  ASSERT_EQ(state_labels().size(), PINION_STATE_COUNT - 2u) << "all but free and claimed";
  for (const StateLabel& label : state_labels())
    EXPECT_THAT(text, HasSubstr("pinion_connection_table_connections{family=\"ipv4\",state=\"" +
                                std::string(label.keyword) + "\"} " +
                                std::to_string(snapshot.tables[0].states[label.state]) + "\n"));
  EXPECT_EQ(state_labels().front().keyword, "syn_received");
}

TEST(Metrics, LabelsAreEscaped) {
  Snapshot snapshot = small_snapshot();
  snapshot.services[0].name = "a\"b\\c\nd";
  const std::string text = render(snapshot);
  EXPECT_THAT(text, HasSubstr("pinion_service_packets_total{service=\"a\\\"b\\\\c\\nd\","));
  EXPECT_THAT(text, Not(HasSubstr("c\nd")));
}

TEST(Metrics, LargeCountsAreExact) {
  Snapshot snapshot = small_snapshot();
  snapshot.services[0].traffic.bytes = (1ull << 53) - 1;
  EXPECT_THAT(render(snapshot), HasSubstr("\"tcp\"} 9007199254740991\n"));
}

TEST(Metrics, ServerWithoutWeightIsNotUsable) {
  Snapshot snapshot = small_snapshot();
  const std::string name =
      "pinion_service_usable_servers{service=\"web\",vip=\"192.168.88.88\",port=\"80\","
      "protocol=\"tcp\"} ";
  EXPECT_THAT(render(snapshot), HasSubstr(name + "1\n"));
  snapshot.services[0].servers[0].weight = 0;
  EXPECT_THAT(render(snapshot), HasSubstr(name + "0\n"));
}

TEST(Metrics, EmptySnapshotHasNoSamplesOfServices) {
  const std::string text = render(Snapshot{});
  EXPECT_THAT(text, HasSubstr("pinion_reloads_total{result=\"success\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("pinion_last_reload_successful 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("pinion_service_")));
}

}  // namespace
}  // namespace pinion
