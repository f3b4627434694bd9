// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/handlers.h"

namespace pinion::control {
namespace {

constexpr Argument kService = {"service", Place::kPath, Form::kWord, Kind::kService,
                               "the service's name"};
constexpr Argument kServer = {"server", Place::kPath, Form::kWord, Kind::kServer,
                              "the real server, with its port where it needs one"};

constexpr Argument kTunnelSource = {
    "tunnel-source", Place::kBody, Form::kOption, Kind::kPrefix,
    "where its outer headers say that they come from; of a prefix, the rest varies by flow"};

constexpr Argument kOfService[] = {kService};
constexpr Argument kOfServer[] = {kService, kServer};

constexpr Argument kServiceAdd[] = {
    {"name", Place::kBody, Form::kOptionalWord, Kind::kName,
     "its name (default VIP:PORT/PROTOCOL)"},
    {"vip", Place::kBody, Form::kOption, Kind::kVip, "the virtual IP address, or a prefix of them"},
    {"port", Place::kBody, Form::kOption, Kind::kPorts,
     "the virtual port, a range such as 8000-8100, or any"},
    {"protocol", Place::kBody, Form::kOption, Kind::kProtocol, "what it carries (default tcp)"},
    {"scheduler", Place::kBody, Form::kOption, Kind::kScheduler,
     "how new connections are shared out (default mh)"},
    {"forward", Place::kBody, Form::kOption, Kind::kForward,
     "how packets reach the real servers (default dr)"},
    {"return", Place::kBody, Form::kOption, Kind::kReturn,
     "how replies by nat and fullnat get back to clients (default last_hop)"},
    {"tunnel-type", Place::kBody, Form::kOption, Kind::kTunnelType,
     "what tun puts around packets (default ipip)"},
    {"tunnel-port", Place::kBody, Form::kOption, Kind::kPort, "where gue goes to (default 6080)"},
    {"tunnel-checksum", Place::kBody, Form::kOption, Kind::kBoolean,
     "whether gue's UDP has a checksum over IPv4 (default false)"},
    kTunnelSource,
    {"client-address", Place::kBody, Form::kOption, Kind::kClientAddress,
     "how fullnat tells real servers of the client (default none)"},
    {"mss", Place::kBody, Form::kOption, Kind::kMss,
     "the largest TCP segment, by nat and fullnat (default off)"},
    {"listener", Place::kBody, Form::kRepeatedOption, Kind::kListener,
     "what it takes packets for, in the place of VIP, port and protocol"},
    {"server", Place::kBody, Form::kRepeatedOption, Kind::kNewServer,
     "a real server and its weight (default 1)"},
};

constexpr Argument kServiceSet[] = {
    kService,
    {"vip", Place::kBody, Form::kOption, Kind::kVip, "another virtual IP address, or prefix"},
    {"port", Place::kBody, Form::kOption, Kind::kPorts, "another virtual port, range, or any"},
    {"protocol", Place::kBody, Form::kOption, Kind::kProtocol, "what it carries"},
    {"scheduler", Place::kBody, Form::kOption, Kind::kScheduler,
     "how new connections are shared out"},
    {"forward", Place::kBody, Form::kOption, Kind::kForward, "how packets reach the real servers"},
    {"return", Place::kBody, Form::kOption, Kind::kReturn,
     "how replies by nat and fullnat get back to clients"},
    {"tunnel-type", Place::kBody, Form::kOption, Kind::kTunnelType, "what tun puts around packets"},
    {"tunnel-port", Place::kBody, Form::kOption, Kind::kPort, "where gue goes to"},
    {"tunnel-checksum", Place::kBody, Form::kOption, Kind::kBoolean,
     "whether gue's UDP has a checksum over IPv4"},
    kTunnelSource,
    {"client-address", Place::kBody, Form::kOption, Kind::kClientAddress,
     "how fullnat tells real servers of the client"},
    {"mss", Place::kBody, Form::kOption, Kind::kMss, "the largest TCP segment, by nat and fullnat"},
    {"listener", Place::kBody, Form::kRepeatedOption, Kind::kListener,
     "all that it is to take packets for"},
};

constexpr Argument kServerList[] = {
    {"service", Place::kQuery, Form::kOptionalWord, Kind::kService, "only of this service"},
};

constexpr Argument kServerAdd[] = {
    kService,
    {"address", Place::kBody, Form::kWord, Kind::kAddress, "the real server's address"},
    {"weight", Place::kBody, Form::kOption, Kind::kWeight,
     "its share, 0 to 65535 (default 1); 0 takes no new connections"},
    {"port", Place::kBody, Form::kOption, Kind::kPort, "its port (default the service's)"},
    {"forward", Place::kBody, Form::kOption, Kind::kForward,
     "how packets reach it (default the service's)"},
    {"tunnel-type", Place::kBody, Form::kOption, Kind::kTunnelType,
     "what tun puts around packets (default the service's)"},
    {"tunnel-port", Place::kBody, Form::kOption, Kind::kPort,
     "where gue goes to (default the service's)"},
    {"tunnel-checksum", Place::kBody, Form::kOption, Kind::kBoolean,
     "whether gue's UDP has a checksum over IPv4 (default the service's)"},
    kTunnelSource,
    {"client-address", Place::kBody, Form::kOption, Kind::kClientAddress,
     "how fullnat tells it of the client (default the service's)"},
};

constexpr Argument kServerSet[] = {
    kService,
    kServer,
    {"weight", Place::kBody, Form::kOption, Kind::kWeight,
     "its share, 0 to 65535; 0 takes no new connections"},
    {"forward", Place::kBody, Form::kOption, Kind::kForward,
     "how packets reach it; its connections go on as they began"},
    {"tunnel-type", Place::kBody, Form::kOption, Kind::kTunnelType, "what tun puts around packets"},
    {"tunnel-port", Place::kBody, Form::kOption, Kind::kPort, "where gue goes to"},
    {"tunnel-checksum", Place::kBody, Form::kOption, Kind::kBoolean,
     "whether gue's UDP has a checksum over IPv4"},
    kTunnelSource,
    {"client-address", Place::kBody, Form::kOption, Kind::kClientAddress,
     "how fullnat tells it of the client; its connections go on as they began"},
};

constexpr Argument kByService = {"service", Place::kQuery, Form::kOption, Kind::kService,
                                 "only of this service"};
constexpr Argument kByServer = {"server", Place::kQuery, Form::kOption, Kind::kServer,
                                "only to this real server"};
constexpr Argument kByClient = {"client", Place::kQuery, Form::kOption, Kind::kPrefix,
                                "only from clients in this prefix"};
constexpr Argument kByState = {"state", Place::kQuery, Form::kOption, Kind::kState,
                               "only in this state"};

constexpr Argument kConnectionList[] = {
    kByService,
    kByServer,
    kByClient,
    kByState,
    {"limit", Place::kQuery, Form::kOption, Kind::kLimit,
     "at most so many, 1 to 100000 (default 1000)"},
};

constexpr Argument kConnectionCount[] = {kByService, kByServer, kByClient, kByState};

constexpr Argument kConnectionFlush[] = {
    kByService,
    kByServer,
    kByClient,
    kByState,
    {"all", Place::kQuery, Form::kOption, Kind::kFlag, "every connection: needed without a filter"},
};

constexpr Argument kStats[] = {
    {"interval", Place::kQuery, Form::kOption, Kind::kInterval,
     "over which rates are measured, up to 60s (default 1s); 0 gives totals only"},
};

constexpr Argument kVerdicts[] = {
    {"all", Place::kQuery, Form::kOption, Kind::kFlag, "those that no packet met, too"},
};

constexpr Argument kConfigSave[] = {
    {"force", Place::kQuery, Form::kOption, Kind::kFlag,
     "even where somebody has edited the file since it was loaded"},
};

constexpr Argument kConfigCheck[] = {
    {"file", Place::kNowhere, Form::kWord, Kind::kFile, "the file to check"},
};

// The one table of the control API.
constexpr Verb kVerbs[] = {
    {"status",
     "GET",
     "/v1/status",
     "what the director is and how it does; states of connections are as of the last sweep",
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
     kServiceAdd, service_add},
    {"service set", "PATCH", "/v1/services/{service}",
     "change what is given, and leave the rest as it is",
     "pinionctl service set web --scheduler wrr", kServiceSet, service_set},
    {"service remove", "DELETE", "/v1/services/{service}", "a service, and all of its real servers",
     "pinionctl service remove web", kOfService, service_remove},
    {"server list", "GET", "/v1/servers", "every real server, with its connections",
     "pinionctl server list web", kServerList, server_list},
    {"server add", "POST", "/v1/services/{service}/servers", "a new real server of a service",
     "pinionctl server add web 192.168.146.133 --weight 2", kServerAdd, server_add},
    {"server set", "PATCH", "/v1/services/{service}/servers/{server}",
     "change a real server's weight, or how it is reached",
     "pinionctl server set web 192.168.146.133 --weight 5", kServerSet, server_set},
    {"server drain", "POST", "/v1/services/{service}/servers/{server}/drain",
     "finish old connections, take no new", "pinionctl server drain web 192.168.146.133", kOfServer,
     server_drain},
    {"server remove", "DELETE", "/v1/services/{service}/servers/{server}",
     "take a real server out; its connections go on until they end",
     "pinionctl server remove web 192.168.146.133", kOfServer, server_remove},
    {"connection list", "GET", "/v1/connections", "connections, with their state",
     "pinionctl connection list --service web --client 10.0.0.0/8 --state established",
     kConnectionList, connection_list},
    {"connection count", "GET", "/v1/connections/count", "how many connections match",
     "pinionctl connection count --server 192.168.146.131", kConnectionCount, connection_count},
    {"connection flush", "DELETE", "/v1/connections",
     "forget connections at once: their next packets are scheduled anew",
     "pinionctl connection flush --client 10.1.2.3", kConnectionFlush, connection_flush},
    {"stats", "GET", "/v1/stats", "connections, packets and bytes: totals and rates",
     "pinionctl stats --interval 5s", kStats, stats},
    {"verdicts", "GET", "/v1/verdicts", "what became of the packets, and why", "pinionctl verdicts",
     kVerdicts, verdicts},
    {"config show",
     "GET",
     "/v1/config",
     "what is live, as a configuration file",
     "pinionctl config show",
     {},
     config_show},
    {"config check", "", "", "what is wrong with a file; needs no daemon",
     "pinionctl config check /etc/pinion/pinion.yaml", kConfigCheck, nullptr},
    {"config diff",
     "GET",
     "/v1/config/diff",
     "how what is live differs from the file",
     "pinionctl config diff",
     {},
     config_diff},
    {"config save", "POST", "/v1/config/save", "write what is live into the file",
     "pinionctl config save", kConfigSave, config_save},
    {"reload",
     "POST",
     "/v1/reload",
     "make the file live; changes made at run time are lost",
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
