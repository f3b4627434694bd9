// SPDX-License-Identifier: Apache-2.0
// That each rule finds what it is for, and nothing else.
#include "tests/unit/tree/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinion::tree {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Problems including(const std::string& path, const std::string& target) {
  return check_includes({path, "#include <vector>\n#include \"" + target + "\"\n"});
}

struct Edge {
  std::string from;
  std::string to;
};

TEST(TreeIncludes, MayGoDown) {
  const Edge edges[] = {
      {"config/yaml/load.cc", "balancer/base/error.h"},
      {"config/yaml/load.cc", "config/check/check.h"},
      {"config/import/ipvs.cc", "config/config.h"},
      {"balancer/model/model.h", "config/config.h"},
      {"balancer/model/schedulers/rr.cc", "balancer/model/schedulers.h"},
      {"balancer/dataplane/maps.cc", "balancer/bpf/abi/abi.h"},
      {"balancer/control/verbs.cc", "balancer/health/checks.h"},
      {"balancer/metrics/metrics.cc", "balancer/model/snapshot.h"},
      {"balancer/interfaces/attach_point.cc", "balancer/netlink/offloads.h"},
      {"balancer/director/director.h", "balancer/interfaces/attach_point.h"},
      {"balancer/director/director.cc", "balancer/metrics/server.h"},
      {"balancer/main.cc", "balancer/director/director.h"},
      {"balancer/bpf/abi/abi.h", "balancer/bpf/abi/lists.h"},
      {"balancer/bpf/forward/forward.h", "dr.h"},
      {"balancer/bpf/forward/dr.h", "balancer/bpf/abi/abi.h"},
      {"ctl/render.cc", "balancer/control/verbs.h"},
      {"ctl/main.cc", "ctl/client.h"},
      {"tests/unit/model/model_test.cc", "balancer/director/director.h"},
  };
  for (const Edge& edge : edges)
    EXPECT_THAT(including(edge.from, edge.to), IsEmpty()) << edge.from << " -> " << edge.to;
}

TEST(TreeIncludes, MustNotGoUpOrSideways) {
  const Edge edges[] = {
      {"balancer/base/net.cc", "config/config.h"},
      {"balancer/base/net.cc", "balancer/bpf/abi/abi.h"},
      {"balancer/bpf/parse/parse.h", "balancer/base/net.h"},
      {"config/config.cc", "balancer/model/model.h"},
      {"config/keys.h", "config/yaml/reader.h"},
      {"config/check/check.h", "config/yaml/load.h"},
      {"balancer/model/model.cc", "balancer/dataplane/maps.h"},
      {"balancer/dataplane/maps.cc", "balancer/netlink/socket.h"},
      {"balancer/netlink/socket.cc", "balancer/health/checks.h"},
      {"balancer/metrics/server.cc", "balancer/control/verbs.h"},
      {"balancer/control/verbs.cc", "balancer/director/director.h"},
      {"balancer/interfaces/attach_point.cc", "balancer/director/director.h"},
      {"balancer/interfaces/attach_point.cc", "balancer/control/operator.h"},
      {"balancer/director/director.cc", "balancer/main.cc"},
      {"balancer/loose.cc", "balancer/base/error.h"},
      {"balancer/unknown/file.cc", "balancer/base/error.h"},
      {"balancer/director/director.cc", "ctl/client.h"},
      {"balancer/director/director.cc", "tests/support/event_loop.h"},
      {"ctl/render.cc", "balancer/dataplane/maps.h"},
      {"ctl/render.cc", "balancer/metrics/server.h"},
      {"ctl/render.cc", "balancer/director/director.h"},
      {"balancer/netlink/socket.cc", "../dataplane/maps.h"},
      {"balancer/base/net.h", "../../config/config.h"},
      {"balancer/base/net.h", "../../../elsewhere.h"},
  };
  for (const Edge& edge : edges)
    EXPECT_THAT(including(edge.from, edge.to),
                ElementsAre(edge.from + ":2: must not include \"" + edge.to + "\""));
}

TEST(TreeIncludes, AreSeenHoweverTheyAreSpaced) {
  EXPECT_EQ(
      check_includes({"config/a.cc", "  #  include   \"balancer/director/director.h\"\n"}).size(),
      1u);
  EXPECT_EQ(check_includes({"config/a.cc", "#include\"balancer/director/director.h\""}).size(), 1u);
  EXPECT_THAT(check_includes({"config/a.cc", "// #include \"balancer/director/director.h\"\n"}),
              IsEmpty());
}

TEST(TreeAsio, ComesThroughOneHeader) {
  EXPECT_THAT(check_asio({"balancer/base/asio.h", "#include <boost/asio.hpp>\n"}), IsEmpty());
  EXPECT_THAT(check_asio({"ctl/client.cc", "\n#include <boost/asio/ip/tcp.hpp>\n"}),
              ElementsAre("ctl/client.cc:2: must include \"balancer/base/asio.h\" instead"));
  EXPECT_THAT(check_asio({"balancer/base/http.cc", "#include <boost/beast/http.hpp>\n"}),
              IsEmpty());
}

TEST(TreeLicence, IsThatOfTheFolder) {
  const std::string user = "// SPDX-License-Identifier: Apache-2.0\n";
  const std::string kernel = "/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */\n";
  EXPECT_THAT(check_licence({"ctl/main.cc", user}), IsEmpty());
  EXPECT_THAT(check_licence({"tests/run", "#!/bin/sh\n# " + user.substr(3)}), IsEmpty());
  EXPECT_THAT(check_licence({"balancer/bpf/abi/abi.h", kernel}), IsEmpty());
  EXPECT_THAT(check_licence({"tests/bench/bpf/driver.bpf.c", kernel}), IsEmpty());
  EXPECT_THAT(
      check_licence({"ctl/main.cc", kernel}),
      ElementsAre("ctl/main.cc: must not have the licence \"GPL-2.0-only OR BSD-2-Clause\""));
  EXPECT_EQ(check_licence({"balancer/bpf/abi/abi.h", user}).size(), 1u);
  EXPECT_EQ(
      check_licence({"ctl/main.cc", "// SPDX-License-Identifier: Apache-2.0 OR MIT\n"}).size(), 1u);
  EXPECT_THAT(check_licence({"ctl/main.cc", "int main() {}\n"}),
              ElementsAre("ctl/main.cc: its first lines name no licence (SPDX)"));
  EXPECT_EQ(check_licence({"ctl/main.cc", "\n\n\n" + user}).size(), 1u);
}

TEST(TreeLength, EndsAt400Lines) {
  const std::string lines(400, '\n');
  EXPECT_THAT(check_length({"a.cc", lines}), IsEmpty());
  EXPECT_THAT(check_length({"a.cc", lines + "\n"}),
              ElementsAre("a.cc: has 401 lines, more than 400"));
}

TEST(TreeWords, AreWholeWords) {
  const std::string word =
      "TO"
      "DO";
  EXPECT_THAT(check_words({"a.cc", "\n// " + word + ": later\n"}),
              ElementsAre("a.cc:2: says " + word));
  EXPECT_EQ(check_words({"a.cc",
                         "FIX"
                         "ME"})
                .size(),
            1u);
  EXPECT_EQ(check_words({"a.cc",
                         "X"
                         "XX "})
                .size(),
            1u);
  EXPECT_THAT(check_words({"a.sh", "mktemp /tmp/a.XXXXXX\n"}), IsEmpty());
  EXPECT_THAT(check_words({"a.cc", "k" + word + "s " + word + "_LIST\n"}), IsEmpty());
}

TEST(TreeSource, IsWhatAPersonWrote) {
  for (const auto* path : {"a.h", "a.cc", "a.bpf.c", "a.py", "a.yaml", "tests/CMakeLists.txt"})
    EXPECT_TRUE(is_source({path, ""})) << path;
  EXPECT_TRUE(is_source({"deploy/quickstart", "#!/bin/bash\n"}));
  EXPECT_FALSE(is_source({"tests/unit/metrics/small_snapshot.txt", "# HELP\n"}));
  EXPECT_FALSE(is_source({"tests/fuzz/corpus/config/bom.yaml", ""}));
}

}  // namespace
}  // namespace pinion::tree
