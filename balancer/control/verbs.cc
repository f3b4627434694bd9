// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/handlers.h"
#include "balancer/control/options.h"

namespace pinion::control {
namespace {

const Argument kService = {"service", In::kPath, Form::kWord, ValueType::kService,
                           "the service's name"};
const Argument kServer = {"server", In::kPath, Form::kWord, ValueType::kServer,
                          "the real server, with its port if others share the address"};

const Argument kOfService[] = {kService};
const Argument kOfServer[] = {kService, kServer};

const std::vector<Argument> kServiceAdd = with_options<config::Service>({}, Use::kAdd);
const std::vector<Argument> kServiceSet = with_options<config::Service>({kService}, Use::kSet);

const Argument kServerList[] = {
    {"service", In::kQuery, Form::kOptionalWord, ValueType::kService, "only of this service"},
};

const std::vector<Argument> kServerAdd = with_options<config::Server>({kService}, Use::kAdd);
const std::vector<Argument> kServerSet =
    with_options<config::Server>({kService, kServer}, Use::kSet);

const Argument kByService = {"service", In::kQuery, Form::kOption, ValueType::kService,
                             "only of this service"};
const Argument kByServer = {"server", In::kQuery, Form::kOption, ValueType::kServer,
                            "only to this real server"};
const Argument kByClient = {"client", In::kQuery, Form::kOption, ValueType::kPrefix,
                            "only from clients in this prefix"};
const Argument kByState = {"state", In::kQuery, Form::kOption, ValueType::kState,
                           "only in this state"};

const Argument kConnectionList[] = {
    kByService,
    kByServer,
    kByClient,
    kByState,
    {"limit", In::kQuery, Form::kOption, ValueType::kLimit,
     "at most this many, 1 to 100000 (default 1000)"},
};

const Argument kConnectionCount[] = {kByService, kByServer, kByClient, kByState};

const Argument kConnectionFlush[] = {
    kByService,
    kByServer,
    kByClient,
    kByState,
    {"all", In::kQuery, Form::kOption, ValueType::kFlag,
     "every connection; required if there is no filter"},
};

const Argument kStats[] = {
    {"interval", In::kQuery, Form::kOption, ValueType::kInterval,
     "the time over which rates are measured, up to 60s (default 1s); 0 gives totals only"},
};

const Argument kVerdicts[] = {
    {"all", In::kQuery, Form::kOption, ValueType::kFlag, "also verdicts that no packet has had"},
};

const Argument kConfigSave[] = {
    {"force", In::kQuery, Form::kOption, ValueType::kFlag,
     "even if the file has been edited since it was loaded"},
};

const Argument kConfigCheck[] = {
    {"file", In::kClient, Form::kWord, ValueType::kFile, "the file to check"},
};

template <typename T, Use kUse>
Outcome<Body> read(const std::string& body) {
  auto patch = read_patch<T>(body, kUse);
  if (!patch) return patch.error();
  return Body(std::move(*patch));
}

// The one table of the control API.
const Verb kVerbs[] = {
    {"status",
     "GET",
     "/v1/status",
     "the state of the director; states of connections are as of the last sweep",
     "pinionctl status",
     {},
     status},
    {"service list",
     "GET",
     "/v1/services",
     "every service and how many of its real servers are reachable",
     "pinionctl service list",
     {},
     service_list},
    {"service show", "GET", "/v1/services/{service}", "one service with its real servers",
     "pinionctl service show web", kOfService, service_show},
    {"service add", "POST", "/v1/services", "a new service",
     "pinionctl service add web --vip 192.168.88.88 --port 80 --server 192.168.146.131 "
     "--server 192.168.146.132=2",
     kServiceAdd, service_add, read<config::Service, Use::kAdd>},
    {"service set", "PATCH", "/v1/services/{service}", "change the given options of a service",
     "pinionctl service set web --scheduler wrr", kServiceSet, service_set,
     read<config::Service, Use::kSet>},
    {"service remove", "DELETE", "/v1/services/{service}",
     "remove a service and all of its real servers", "pinionctl service remove web", kOfService,
     service_remove},
    {"server list", "GET", "/v1/servers", "every real server, with its connections",
     "pinionctl server list web", kServerList, server_list},
    {"server add", "POST", "/v1/services/{service}/servers", "a new real server of a service",
     "pinionctl server add web 192.168.146.133 --weight 2", kServerAdd, server_add,
     read<config::Server, Use::kAdd>},
    {"server set", "PATCH", "/v1/services/{service}/servers/{server}",
     "change a real server's weight, or how it is reached",
     "pinionctl server set web 192.168.146.133 --weight 5", kServerSet, server_set,
     read<config::Server, Use::kSet>},
    {"server drain", "POST", "/v1/services/{service}/servers/{server}/drain",
     "take no new connections, and let old ones finish",
     "pinionctl server drain web 192.168.146.133", kOfServer, server_drain},
    {"server remove", "DELETE", "/v1/services/{service}/servers/{server}",
     "remove a real server; its connections continue until they end",
     "pinionctl server remove web 192.168.146.133", kOfServer, server_remove},
    {"connection list", "GET", "/v1/connections", "connections, with their state",
     "pinionctl connection list --service web --client 10.0.0.0/8 --state established",
     kConnectionList, connection_list},
    {"connection count", "GET", "/v1/connections/count", "the number of connections that match",
     "pinionctl connection count --server 192.168.146.131", kConnectionCount, connection_count},
    {"connection flush", "DELETE", "/v1/connections",
     "delete connections at once; their next packets are scheduled again",
     "pinionctl connection flush --client 10.1.2.3", kConnectionFlush, connection_flush},
    {"stats", "GET", "/v1/stats", "connections, packets and bytes: totals and rates",
     "pinionctl stats --interval 5s", kStats, stats},
    {"verdicts", "GET", "/v1/verdicts", "what happened to packets, and why", "pinionctl verdicts",
     kVerdicts, verdicts},
    {"config show",
     "GET",
     "/v1/config",
     "the live configuration, as a file",
     "pinionctl config show",
     {},
     config_show},
    {"config check", "", "", "check a configuration file; needs no daemon",
     "pinionctl config check /etc/pinion/pinion.yaml", kConfigCheck, nullptr},
    {"config diff",
     "GET",
     "/v1/config/diff",
     "how the live configuration differs from the file",
     "pinionctl config diff",
     {},
     config_diff},
    {"config save", "POST", "/v1/config/save", "write the live configuration to the file",
     "pinionctl config save", kConfigSave, config_save},
    {"reload",
     "POST",
     "/v1/reload",
     "load the file again; changes made at run time are lost",
     "pinionctl reload",
     {},
     reload},
    {"version",
     "GET",
     "/v1/version",
     "the versions of client and daemon",
     "pinionctl version",
     {},
     version},
};

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

const Verb* find_verb(std::string_view words) {
  for (const Verb& verb : kVerbs)
    if (verb.words == words) return &verb;
  return nullptr;
}

}  // namespace pinion::control
