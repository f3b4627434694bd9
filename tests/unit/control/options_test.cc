// SPDX-License-Identifier: Apache-2.0
// The table of options (config/keys.h) against the control API: each key of a service and of a
// server is set at run time, or refused with what to do instead.
#include <map>
#include <utility>

#include "balancer/control/json.h"
#include "balancer/control/options.h"
#include "config/keys.h"
#include "config/yaml/load.h"
#include "config/yaml/save.h"
#include "tests/unit/control/api.h"

namespace pinion::control {
namespace {

using config::Listener;
using config::Option;

// A value that neither a default nor the tests' services have, by the placeholder of its syntax.
const std::map<std::string_view, json> kSamples = {
    {"ADDRESS", "10.0.0.7"},
    {"N", 7},
    {"NAME", "other"},
    {"N|auto|off", 1400},
    {"PORT", 4711},
    {"PREFIX", "10.9.0.0/16"},
    {"PORT|RANGE|any", "8000-8100"},
    {"SCHEDULER", "rr"},
    {"true|false", true},
    {"VIP", "10.0.0.7"},
};

json sample_of(const config::Syntax& syntax) {
  if (const auto sample = kSamples.find(syntax.placeholder); sample != kSamples.end())
    return sample->second;
  return syntax.words.empty() ? json() : json(syntax.words.back());
}
json sample_of(const Listener*) {
  return json::parse(R"([{"vip": "10.0.0.7", "port": 81, "protocol": "udp"},
                         {"vip": "10.0.0.8", "port": "any", "protocol": "tcp"}])");
}
json sample_of(const config::Server*) { return json::parse(R"([{"address": "10.0.0.7"}])"); }

struct Sample {
  std::string field;  // "tunnel.type"
  json value;
  Option option;
};

// One of each key below T.
template <typename T>
void add_samples(const std::string& prefix, std::vector<Sample>& samples) {
  config::for_each_key<T>([&](const auto& key) {
    const std::string field = prefix + std::string(key.name);
    if constexpr (requires { key.codec; })
      samples.push_back({field, sample_of(*key.codec), key.option});
    else if constexpr (requires { key.has_short_form; })
      samples.push_back({field, sample_of((T{}.*key.member).data()), key.option});
    else
      add_samples<std::remove_cvref_t<decltype(T{}.*key.member)>>(field + ".", samples);
  });
}

template <typename T>
std::vector<Sample> samples_of() {
  std::vector<Sample> samples;
  add_samples<T>("", samples);
  return samples;
}

// "/tunnel/type"
json::json_pointer pointer_to(std::string field) {
  std::replace(field.begin(), field.end(), '.', '/');
  return json::json_pointer("/" + field);
}

json body_of(const std::vector<Sample>& samples) {
  json body = json::object();
  for (const Sample& sample : samples) body[pointer_to(sample.field)] = sample.value;
  return body;
}
std::string body_of(const Sample& sample) { return body_of(std::vector{sample}).dump(); }

class Options : public Api {
 protected:
  // What `config show` has of the service "web", or of its first server.
  json shown(const char* what) {
    const json service = ask("GET", "/v1/config").body["config"]["services"][0];
    return service.at(json::json_pointer(what));
  }

  void expect_set(const std::string& target, const char* what, const Sample& sample) {
    const json::json_pointer field = pointer_to(sample.field);
    ASSERT_FALSE(sample.value.is_null()) << "kSamples has no value of this syntax";
    ASSERT_NE(shown(what).value(field, json()), sample.value) << "the sample changes nothing";
    const Reply reply = ask("PATCH", target, body_of(sample));
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(shown(what).value(field, json()), sample.value);
    const std::string yaml = config::to_yaml(director_.live_);
    EXPECT_EQ(config::load(yaml, "yaml", {{"mh", "rr"}}).config, director_.live_) << yaml;
    director_.live_ = director_.on_disk_;
  }

  void expect_refused(const std::string& target, const Sample& sample) {
    EXPECT_EQ(error(400, "PATCH", target, body_of(sample)),
              "'" + sample.field + "' cannot be changed here; " +
                  std::string(sample.option.instead_of_set));
    EXPECT_EQ(director_.live_, director_.on_disk_);
  }

  void expect_each(const std::string& target, const char* what,
                   const std::vector<Sample>& samples) {
    for (const Sample& sample : samples) {
      SCOPED_TRACE(sample.field);
      EXPECT_NE(sample.option.help, "") << "a key of a service or a server is an option";
      if (sample.option.instead_of_set.empty())
        expect_set(target, what, sample);
      else
        expect_refused(target, sample);
    }
  }
};

TEST_F(Options, ServiceSetTakesEachKeyOrSaysWhatToDo) {
  expect_each("/v1/services/web", "", samples_of<config::Service>());
}

TEST_F(Options, ServerSetTakesEachKeyOrSaysWhatToDo) {
  expect_each("/v1/services/web/servers/192.168.146.131", "/servers/0",
              samples_of<config::Server>());
}

// All of them at once, but those that are short for `listeners`.
TEST_F(Options, ServiceAddTakesEachKey) {
  json body = body_of(samples_of<config::Service>());
  for (const std::string& field : fields_of<Listener>(Use::kAdd)) body.erase(field);
  const Reply reply = ask("POST", "/v1/services", body.dump());
  ASSERT_EQ(reply.status, 200) << reply.body;
  json added = reply.body["service"];
  EXPECT_EQ(added["servers"][0]["address"], body["servers"][0]["address"]);
  added["servers"] = body["servers"];
  EXPECT_EQ(added, body);
}

TEST_F(Options, ServerAddTakesEachKey) {
  json body = body_of(samples_of<config::Server>());
  const Reply reply = ask("POST", "/v1/services/web/servers", body.dump());
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(shown("/servers").back(), body);
}

}  // namespace
}  // namespace pinion::control
