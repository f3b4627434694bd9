// SPDX-License-Identifier: Apache-2.0
#include "balancer/metrics/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

#include "balancer/metrics/labels.h"

namespace pinion {
namespace {

constexpr auto kCounter = prometheus::MetricType::Counter;
constexpr auto kGauge = prometheus::MetricType::Gauge;

// Collectors of one sample for each service, real server, interface or table. `kValue` reads it.
template <auto kValue>
void each_service(const Snapshot& snapshot, Samples& samples) {
  for (const auto& service : snapshot.services) samples.add(labels_of(service), kValue(service));
}

template <auto kValue>
void each_server(const Snapshot& snapshot, Samples& samples) {
  for (const auto& service : snapshot.services)
    for (const auto& server : service.servers)
      samples.add(labels_of(service, server), kValue(server));
}

template <auto kValue>
void each_interface(const Snapshot& snapshot, Samples& samples) {
  for (const auto& interface : snapshot.interfaces)
    samples.add({{"interface", interface.name}}, kValue(interface));
}

template <auto kValue>
void each_table(const Snapshot& snapshot, Samples& samples) {
  for (const auto& table : snapshot.tables) samples.add({{"family", table.family}}, kValue(table));
}

template <auto kValue>
void once(const Snapshot& snapshot, Samples& samples) {
  samples.add({}, kValue(snapshot));
}

double seconds(std::chrono::duration<double> duration) { return duration.count(); }

bool is_usable(const ServerSnapshot& server) {
  return server.reachable && !server.leaving && server.weight > 0;
}

auto usable_servers(const ServiceSnapshot& service) {
  return std::count_if(service.servers.begin(), service.servers.end(), is_usable);
}

void service_current(const Snapshot& snapshot, Samples& samples) {
  for (const auto& service : snapshot.services) {
    uint64_t active = 0;
    uint64_t inactive = 0;
    for (const auto& server : service.servers) {
      active += server.active;
      inactive += server.inactive;
    }
    samples.add(with(labels_of(service), "state", "active"), active);
    samples.add(with(labels_of(service), "state", "inactive"), inactive);
  }
}

void server_current(const Snapshot& snapshot, Samples& samples) {
  for (const auto& service : snapshot.services) {
    for (const auto& server : service.servers) {
      samples.add(with(labels_of(service, server), "state", "active"), server.active);
      samples.add(with(labels_of(service, server), "state", "inactive"), server.inactive);
    }
  }
}

void verdict_packets(const Snapshot& snapshot, Samples& samples) {
  for (const auto& verdict : verdict_labels())
    samples.add({{"verdict", verdict.name}, {"action", verdict.action}},
                snapshot.verdicts[verdict.verdict]);
}

void table_states(const Snapshot& snapshot, Samples& samples) {
  for (const auto& table : snapshot.tables)
    for (const auto& state : state_labels())
      samples.add({{"family", table.family}, {"state", std::string(state.keyword)}},
                  table.states[state.state]);
}

void interface_xdp(const Snapshot& snapshot, Samples& samples) {
  for (const auto& interface : snapshot.interfaces) {
    const char* mode = !interface.attached ? "none" : interface.native ? "native" : "generic";
    samples.add({{"interface", interface.name}, {"mode", mode}}, 1);
  }
}

void reloads(const Snapshot& snapshot, Samples& samples) {
  samples.add({{"result", "success"}}, snapshot.reloads);
  samples.add({{"result", "failure"}}, snapshot.failed_reloads);
}

void build(const Snapshot& snapshot, Samples& samples) {
  samples.add({{"version", snapshot.version}}, 1);
}

constexpr Metric kMetrics[] = {
    {"pinion_build_info", kGauge, "Always 1; the label says which version runs.", build},
    {"pinion_start_time_seconds", kGauge, "When the daemon started, in seconds since 1970.",
     once<[](const Snapshot& s) { return seconds(s.started.time_since_epoch()); }>},
    {"pinion_adopted", kGauge, "1 if this start found a running data plane and kept it.",
     once<[](const Snapshot& s) { return s.adopted; }>},
    {"pinion_reloads_total", kCounter, "Reloads of the configuration file since the start.",
     reloads},
    {"pinion_last_reload_successful", kGauge, "1 unless the last reload was refused.",
     once<[](const Snapshot& s) { return s.last_reload_error.empty(); }>},
    {"pinion_config_differs_from_file", kGauge,
     "1 if the configuration was changed at run time since the last reload.",
     once<[](const Snapshot& s) { return s.differs_from_file; }>},

    {"pinion_interface_up", kGauge, "1 if the interface exists and is up.",
     each_interface<[](const InterfaceSnapshot& i) { return i.up; }>},
    {"pinion_interface_attached", kGauge, "1 if the data plane is attached to the interface.",
     each_interface<[](const InterfaceSnapshot& i) { return i.attached; }>},
    {"pinion_interface_xdp_info", kGauge,
     "Always 1; the label says in which mode the data plane is attached.", interface_xdp},
    {"pinion_packets_total", kCounter,
     "Packets that entered, by what became of them: each has exactly one verdict.",
     verdict_packets},

    {"pinion_connection_table_capacity", kGauge,
     "Connections that the configuration asks room for.",
     each_table<[](const TableSnapshot& t) { return t.capacity; }>},
    {"pinion_connection_table_places", kGauge, "Connections that the table has memory for.",
     each_table<[](const TableSnapshot& t) { return t.entries; }>},
    {"pinion_connection_table_connections", kGauge,
     "Connections in the table by state, as of the last sweep.", table_states},
    {"pinion_connection_table_replies", kGauge,
     "Places that the reply halves of connections take, as of the last sweep.",
     each_table<[](const TableSnapshot& t) { return t.replies; }>},
    {"pinion_local_ports", kGauge,
     "Connections that full NAT can have at a time to one real server of this family by one "
     "protocol.",
     each_table<[](const TableSnapshot& t) { return t.local_ports; }>},
    {"pinion_connection_table_expired_total", kCounter,
     "Connections that ended because no packet came.",
     each_table<[](const TableSnapshot& t) { return t.expired; }>},
    {"pinion_connection_table_sweeps_total", kCounter, "Complete sweeps for expired connections.",
     each_table<[](const TableSnapshot& t) { return t.sweeps; }>},
    {"pinion_connection_table_last_sweep_seconds", kGauge, "CPU time of the last complete sweep.",
     each_table<[](const TableSnapshot& t) { return seconds(t.last_sweep); }>},

    {"pinion_service_packets_total", kCounter, "Packets forwarded for the service.",
     each_service<[](const ServiceSnapshot& s) { return s.traffic.packets; }>},
    {"pinion_service_bytes_total", kCounter, "Bytes of the IP packets forwarded for the service.",
     each_service<[](const ServiceSnapshot& s) { return s.traffic.bytes; }>},
    {"pinion_service_reply_packets_total", kCounter,
     "Replies of the service that passed the director (NAT).",
     each_service<[](const ServiceSnapshot& s) { return s.traffic.reply_packets; }>},
    {"pinion_service_reply_bytes_total", kCounter, "Bytes of the IP packets of those replies.",
     each_service<[](const ServiceSnapshot& s) { return s.traffic.reply_bytes; }>},
    {"pinion_service_connections_total", kCounter, "New connections of the service.",
     each_service<[](const ServiceSnapshot& s) { return s.traffic.connections; }>},
    {"pinion_service_current_connections", kGauge,
     "Connections of the service now; active ones are established, or UDP flows.", service_current},
    {"pinion_service_usable_servers", kGauge,
     "Real servers that are reachable, have a weight above 0 and are not being removed.",
     each_service<[](const ServiceSnapshot& s) { return usable_servers(s); }>},

    {"pinion_server_packets_total", kCounter, "Packets forwarded to the real server.",
     each_server<[](const ServerSnapshot& s) { return s.traffic.packets; }>},
    {"pinion_server_bytes_total", kCounter, "Bytes of the IP packets forwarded to the real server.",
     each_server<[](const ServerSnapshot& s) { return s.traffic.bytes; }>},
    {"pinion_server_reply_packets_total", kCounter,
     "Replies of the real server that passed the director (NAT).",
     each_server<[](const ServerSnapshot& s) { return s.traffic.reply_packets; }>},
    {"pinion_server_reply_bytes_total", kCounter, "Bytes of the IP packets of those replies.",
     each_server<[](const ServerSnapshot& s) { return s.traffic.reply_bytes; }>},
    {"pinion_server_connections_total", kCounter, "New connections to the real server.",
     each_server<[](const ServerSnapshot& s) { return s.traffic.connections; }>},
    {"pinion_server_current_connections", kGauge,
     "Connections to the real server now; active ones are established, or UDP flows.",
     server_current},
    {"pinion_server_weight", kGauge, "Share of new connections; 0 takes none.",
     each_server<[](const ServerSnapshot& s) { return s.weight; }>},
    {"pinion_server_reachable", kGauge, "1 if the next hop's MAC address is known and answers.",
     each_server<[](const ServerSnapshot& s) { return s.reachable; }>},
    {"pinion_server_leaving", kGauge,
     "1 if the real server was removed and only finishes its connections.",
     each_server<[](const ServerSnapshot& s) { return s.leaving; }>},
};

}  // namespace

std::span<const Metric> metrics() { return kMetrics; }

std::string render(const Snapshot& snapshot) {
  const prometheus::TextSerializer serializer;
  std::ostringstream text;
  for (const Metric& metric : kMetrics) {
    // One metric at a time, so that the samples of one at most are in memory.
    std::vector<prometheus::MetricFamily> family(1);
    family[0].name = metric.name;
    family[0].help = metric.help;
    family[0].type = metric.type;
    Samples samples(family[0]);
    metric.collect(snapshot, samples);
    if (!family[0].metric.empty()) serializer.Serialize(text, family);
  }
  return std::move(text).str();
}

}  // namespace pinion
