// SPDX-License-Identifier: Apache-2.0
// From the command line to the request, and every way to get it wrong.
#include "ctl/command_line.h"

#include <gtest/gtest.h>

#include <sstream>

#include "ctl/request.h"

namespace pinion::ctl {
namespace {

std::vector<std::string> split(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

// "METHOD TARGET BODY", or the error.
std::string request(const std::string& text) {
  const auto line = parse(split(text));
  if (!line)
    return line.error().message + (line.error().hint.empty() ? "" : "; ") + line.error().hint;
  const Request request = request_of(*line);
  return request.method + " " + request.target + (request.body.empty() ? "" : " ") + request.body;
}

TEST(CommandLine, BecomesARequest) {
  const struct {
    const char *line, *request;
  } cases[] = {
      {"status", "GET /v1/status"},
      {"service show 10.0.0.1:80/tcp", "GET /v1/services/10.0.0.1:80%2Ftcp"},
      {"service add web --vip 10.0.0.1 --port 80",
       R"(POST /v1/services {"name":"web","port":80,"vip":"10.0.0.1"})"},
      {"service add --listener 10.0.0.1:80 --listener [fd00::/64]:any/udp",
       R"(POST /v1/services {"listeners":[{"port":80,"protocol":"tcp","vip":"10.0.0.1"},{"port":"any","protocol":"udp","vip":"fd00::/64"}]})"},
      {"service add --server 10.0.0.2 --port=80 --server=10.0.0.3=0 --vip ::1 --scheduler rr",
       R"(POST /v1/services {"port":80,"scheduler":"rr","servers":[{"address":"10.0.0.2","weight":1},{"address":"10.0.0.3","weight":0}],"vip":"::1"})"},
      {"service set web --protocol udp", R"(PATCH /v1/services/web {"protocol":"udp"})"},
      {"service remove web", "DELETE /v1/services/web"},
      {"server list", "GET /v1/servers"},
      {"server list web", "GET /v1/servers?service=web"},
      {"server add web 10.0.0.2 --weight 3",
       R"(POST /v1/services/web/servers {"address":"10.0.0.2","weight":3})"},
      {"server set web --weight 3 10.0.0.2",
       R"(PATCH /v1/services/web/servers/10.0.0.2 {"weight":3})"},
      {"server drain web 2001:db8::1", "POST /v1/services/web/servers/2001:db8::1/drain"},
      {"connection list --client 10.0.0.0/8 --state udp --limit 5",
       "GET /v1/connections?client=10.0.0.0%2F8&state=udp&limit=5"},
      {"connection flush --all", "DELETE /v1/connections?all=true"},
      {"stats --interval 500ms", "GET /v1/stats?interval=500ms"},
      {"--socket /x verdicts -o json --all", "GET /v1/verdicts?all=true"},
      {"service remove -- --odd", "DELETE /v1/services/--odd"},
  };
  for (const auto& each : cases) EXPECT_EQ(request(each.line), each.request);
}

TEST(CommandLine, SaysWhatIsWrong) {
  const struct {
    const char *line, *error;
  } cases[] = {
      {"", "no verb is given"},
      {"servce list", "no verb 'servce'; did you mean 'service'?"},
      {"server dran", "no verb 'dran' of 'server'; did you mean 'drain'?"},
      {"server", "'server' needs one more word; list, add, set, drain or remove"},
      {"status now", "'status' takes no further argument, got 'now'"},
      {"service show", "'service show' needs SERVICE (the service's name)"},
      {"service add --listener 10.0.0.1",
       "--listener: expected a listener such as 192.0.2.80:80, 192.0.2.0/28:any/udp or "
       "[2001:db8::1]:443, got '10.0.0.1'"},
      {"service add --prot 80", "no option '--prot' of 'service add'; did you mean '--port'?"},
      {"service add --port", "--port needs a value: PORT|RANGE|any"},
      {"service add --port 0",
       "--port: expected a port from 1 to 65535, a range such as 8000-8100, or any, got '0'"},
      {"service add --port 80 --port 81", "--port is given twice"},
      {"service add --scheduler wrrr",
       "--scheduler: expected rr, wrr or mh, got 'wrrr'; did you mean 'wrr'?"},
      {"service add --server 10.0.0.1=x", "--server: expected an integer from 0 to 65535, got 'x'"},
      {"server drain web host1",
       "ADDRESS[:PORT]: expected a real server such as 192.168.1.2, 192.168.1.2:8080 or "
       "[2001:db8::2]:8080, got 'host1'"},
      {"connection flush --all=yes", "--all takes no value"},
      {"status --output xml", "--output: expected table or json, got 'xml'"},
      {"status --socket", "--socket needs a value: PATH"},
      {"status --socket=", "--socket: expected PATH"},
      {"status -x", "no option '-x' of 'status'"},
      {"--verbose status", "no option '--verbose'"},
  };
  for (const auto& each : cases) EXPECT_EQ(request(each.line), each.error) << each.line;
}

TEST(CommandLine, GivesHelpWhateverElseIsWrong) {
  const auto line = parse(split("service add --port x --help"));
  ASSERT_TRUE(line);
  EXPECT_TRUE(line->has("help"));
  EXPECT_EQ(line->verb->words, "service add");
  EXPECT_EQ(parse(split("service -h"))->words, "service");
}

TEST(CommandLine, EveryExampleIsRight) {
  for (const Verb& verb : control::verbs()) {
    auto words = split(std::string(verb.example));
    words.erase(words.begin());
    const auto line = parse(words);
    ASSERT_TRUE(line) << verb.example << ": " << line.error().message;
    EXPECT_EQ(line->verb, &verb);
  }
}

}  // namespace
}  // namespace pinion::ctl
