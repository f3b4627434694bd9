// SPDX-License-Identifier: Apache-2.0
#include <sys/un.h>

#include <algorithm>
#include <set>

#include "balancer/bpf/abi/abi.h"
#include "config/characters.h"
#include "config/check/parts.h"
#include "config/units.h"

namespace pinion::config {
namespace {

constexpr size_t kMostInterfaces = 64;
constexpr size_t kLongestInstance = 32;
constexpr size_t kLongestGroup = 32;  // As useradd(8) has it.
constexpr uint64_t kFewestConnections = 1024;
constexpr uint64_t kMostConnections = 1 << 30;
constexpr uint32_t kMostServices = 1 << 20;
constexpr uint32_t kMostServers = 1 << PINION_INDEX_BITS;
constexpr uint32_t kMostSlots = 1 << 28;
constexpr uint32_t kMostPrefixes = 1 << 20;
constexpr auto kShortestTimeout = std::chrono::seconds(1);
constexpr auto kLongestTimeout = std::chrono::hours(24);

void check_instance(const std::string& instance, Findings& findings) {
  const bool fits = !instance.empty() && instance.size() <= kLongestInstance &&
                    consists_of_letters_digits(instance, "_-");
  if (!fits)
    findings.error("director.instance",
                   "expected 1 to 32 letters, digits, \"_\" or \"-\": it names a directory");
}

void check_interfaces(const std::vector<std::string>& interfaces, Findings& findings) {
  if (interfaces.empty())
    findings.error("director.interfaces", "name at least one interface, such as [eth0]");
  if (interfaces.size() > kMostInterfaces)
    findings.error("director.interfaces",
                   "at most 64 interfaces, got " + std::to_string(interfaces.size()));
  std::set<std::string_view> seen;
  for (size_t i = 0; i < interfaces.size(); ++i) {
    const std::string_view fault = interface_name_fault(interfaces[i]);
    if (!fault.empty())
      findings.error(element_path("director.interfaces", i), std::string(fault));
    else if (!seen.insert(interfaces[i]).second)
      findings.error(element_path("director.interfaces", i), interfaces[i] + " is given twice");
  }
}

void check_capacity(const std::string& family, uint64_t connections, Findings& findings) {
  if (connections == 0) return;
  if (connections < kFewestConnections || connections > kMostConnections)
    findings.error("director.connections." + family,
                   "expected 1K to 1G connections, or 0 to switch the family off, got " +
                       format_size(connections));
}

void check_connections(const Connections& connections, Findings& findings) {
  check_capacity("ipv4", connections.ipv4, findings);
  check_capacity("ipv6", connections.ipv6, findings);
  if (connections.ipv4 == 0 && connections.ipv6 == 0)
    findings.error("director.connections", "both families are switched off; give one a capacity");
}

void check_timeout(const char* name, std::chrono::milliseconds timeout, Findings& findings) {
  if (timeout < kShortestTimeout || timeout > kLongestTimeout)
    findings.error(std::string("director.timeouts.") + name,
                   "expected 1s to 24h, got " + format_duration(timeout));
}

void check_timeouts(const Timeouts& timeouts, Findings& findings) {
  check_timeout("syn", timeouts.syn, findings);
  check_timeout("established", timeouts.established, findings);
  check_timeout("fin", timeouts.fin, findings);
  check_timeout("closed", timeouts.closed, findings);
  check_timeout("time_wait", timeouts.time_wait, findings);
  check_timeout("udp", timeouts.udp, findings);
}

void check_limit(const char* name, uint32_t limit, uint32_t most, Findings& findings) {
  if (limit == 0 || limit > most)
    findings.error(std::string("director.limits.") + name,
                   "expected 1 to " + format_size(most) + ", got " + format_size(limit));
}

void check_socket(const std::string& socket, Findings& findings) {
  if (!socket.starts_with('/') || socket.ends_with('/'))
    findings.error("director.control.socket", "expected the absolute path of a socket");
  // The address of a Unix socket ends with a NUL byte.
  if (socket.size() >= sizeof(sockaddr_un::sun_path))
    findings.error("director.control.socket",
                   "a socket's path has at most " +
                       std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes, got " +
                       std::to_string(socket.size()));
  if (socket.find('\0') != std::string::npos)
    findings.error("director.control.socket", "a path has no NUL byte");
}

void check_control(const Control& control, Findings& findings) {
  check_socket(control.socket, findings);
  if (control.group.empty() || control.group.size() > kLongestGroup ||
      !consists_of_letters_digits(control.group, "_.-$"))
    findings.error("director.control.group", "expected the name or number of a group");
  if (control.mode > 0777)
    findings.error("director.control.mode", "expected permissions from \"0\" to \"0777\"");
}

void check_metrics(const Metrics& metrics, Findings& findings) {
  const auto endpoint = parse_endpoint(metrics.listen);
  if (metrics.listen.empty() || (endpoint && endpoint->port.value != 0)) return;
  findings.error("director.metrics.listen",
                 "expected an address and a port such as 127.0.0.1:9107 or [::1]:9107, or \"\" to "
                 "serve no metrics");
}

}  // namespace

void check_director(const Director& director, Findings& findings) {
  check_instance(director.instance, findings);
  check_interfaces(director.interfaces, findings);
  check_connections(director.connections, findings);
  check_timeouts(director.timeouts, findings);
  check_limit("services", director.limits.services, kMostServices, findings);
  check_limit("servers", director.limits.servers, kMostServers, findings);
  check_limit("slots", director.limits.slots, kMostSlots, findings);
  check_limit("prefixes", director.limits.prefixes, kMostPrefixes, findings);
  check_control(director.control, findings);
  check_metrics(director.metrics, findings);
}

}  // namespace pinion::config
