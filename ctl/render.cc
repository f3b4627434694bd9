// SPDX-License-Identifier: Apache-2.0
#include "ctl/render.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "ctl/table.h"

namespace pinion::ctl {
namespace {

using Json = nlohmann::json;

std::string text(const Json& value) {
  if (value.is_null()) return "-";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// Without a port if packets keep theirs.
std::string endpoint(const Json& address, const Json& port) {
  const std::string host = text(address);
  if (port.is_null()) return host;
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + text(port);
}

std::string endpoint(const Json& listener) {
  return endpoint(listener.at("vip"), listener.at("port"));
}

// The first one, and how many more there are.
std::string first_listener(const Json& listeners) {
  const size_t more = listeners.size() - 1;
  return endpoint(listeners.at(0)) + (more ? " +" + std::to_string(more) : "");
}

std::string protocols(const Json& listeners) {
  std::set<std::string> distinct;
  for (const auto& each : listeners) distinct.insert(text(each.at("protocol")));
  std::string joined;
  for (const std::string& protocol : distinct) joined += (joined.empty() ? "" : ",") + protocol;
  return joined;
}

std::string bytes(const Json& value) { return human_bytes(value.get<double>()); }
std::string rate(const Json& value) { return human_rate(value.get<double>()); }
std::string time(const Json& value) { return human_time(value.get<uint64_t>()); }

std::string of(const Json& part, const Json& whole) { return text(part) + "/" + text(whole); }

std::string fraction(const Json& part, const Json& whole) {
  const double all = whole.get<double>();
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), "%.1f%%", all > 0 ? 100 * part.get<double>() / all : 0.0);
  return buffer;
}

// "dr", "tun/ipip", "tun/gue:6080"
std::string method(const Json& server) {
  const Json tunnel = server.value("tunnel", Json());
  if (tunnel.is_null()) return text(server.at("forward"));
  const std::string type = text(tunnel.at("type"));
  return text(server.at("forward")) + "/" + type +
         (type == "gue" ? ":" + text(tunnel.at("port")) : "");
}

std::string server_state(const Json& server) {
  if (server.at("leaving")) return "leaving";
  if (!server.at("reachable")) return "unreachable";
  return server.at("weight") == 0 ? "drained" : "up";
}

std::string interface_state(const Json& interface) {
  if (!interface.at("present")) return "absent";
  return interface.at("up") ? "up" : "down";
}

// Where the program for this interface is attached, and why there.
std::string place_of(const Json& interface) {
  const Json& ports = interface.at("ports");
  std::string place = "itself";
  if (interface.at("device").is_null()) return "-";
  if (!interface.at("vlans").empty())
    place = std::string("by its parent") + (interface.at("vlans").size() > 1 ? "'s parent " : " ") +
            text(interface.at("device"));
  for (size_t i = 0; i < ports.size(); ++i)
    place += (i == 0 ? ", a bond of " : i + 1 < ports.size() ? ", " : " and ") + text(ports[i]);
  return place;
}

uint64_t used_entries(const Json& table) {
  return table.at("connections").get<uint64_t>() + table.at("replies").get<uint64_t>();
}

// One line for each: "name:   value".
class Facts {
 public:
  void add(std::string name, std::string value) {
    rows_.emplace_back(name + ":", std::move(value));
  }
  std::string to_string() const {
    size_t widest = 0;
    for (const auto& [name, value] : rows_) widest = std::max(widest, name.size());
    std::string lines;
    for (const auto& [name, value] : rows_)
      lines += name + std::string(widest - name.size() + 2, ' ') + value + "\n";
    return lines;
  }

 private:
  std::vector<std::pair<std::string, std::string>> rows_;
};

std::string director_facts(const Json& json) {
  const Json& packets = json.at("packets");
  const bool differs = json.at("differs_from_file");
  Facts facts;
  facts.add("version", text(json.at("version")));
  facts.add("instance", text(json.at("instance")));
  facts.add("running", "for " + human_time(json.at("uptime_seconds").get<uint64_t>() * 1000) +
                           ", pid " + text(json.at("pid")) +
                           (json.at("adopted") ? ", adopted a running data plane" : ""));
  facts.add("configuration",
            text(json.at("config_file")) + (differs ? ", live differs (see 'config diff')" : ""));
  facts.add("reloads",
            text(json.at("reloads")) + ", " + text(json.at("failed_reloads")) + " failed");
  if (!json.at("last_reload_error").is_null())
    facts.add("last reload", text(json.at("last_reload_error")));
  for (const auto& warning : json.at("warnings")) facts.add("warning", text(warning));
  facts.add("services", text(json.at("service_count")));
  facts.add("servers", of(json.at("reachable_count"), json.at("server_count")) + " reachable");
  facts.add("packets", text(packets.at("forward")) + " forwarded, " + text(packets.at("pass")) +
                           " passed, " + text(packets.at("drop")) + " dropped");
  return facts.to_string();
}

Rendered status(const Json& json) {
  Table interfaces({"INTERFACE", "LINK", "XDP", "ATTACHED"});
  for (const auto& each : json.at("interfaces"))
    interfaces.add(
        {text(each.at("name")), interface_state(each), text(each.at("xdp")), place_of(each)});
  Table tables({"TABLE", "CONNECTIONS>", "ESTABLISHED>", "CAPACITY>", "FILLED>", "LAST SWEEP>"});
  for (const auto& each : json.at("tables"))
    tables.add({text(each.at("family")), text(each.at("connections")),
                text(each.at("states").at("established")), text(each.at("capacity")),
                fraction(used_entries(each), each.at("entries")),
                text(each.at("last_sweep_us")) + "us"});
  return {director_facts(json) + "\n" + interfaces.to_string() + "\n" + tables.to_string(), ""};
}

Rendered service_list(const Json& json) {
  Table table({"SERVICE", "ADDRESS", "PROTOCOL", "SCHEDULER", "FORWARD", "REACHABLE>", "ACTIVE>",
               "INACTIVE>", "CONNECTIONS>", "BYTES>"});
  for (const auto& each : json.at("services"))
    table.add({text(each.at("name")), first_listener(each.at("listeners")),
               protocols(each.at("listeners")), text(each.at("scheduler")),
               text(each.at("forward")), of(each.at("reachable_count"), each.at("server_count")),
               text(each.at("active")), text(each.at("inactive")), text(each.at("connections")),
               bytes(each.at("bytes"))});
  return {table.to_string(), ""};
}

std::vector<std::string> server_row(const Json& server) {
  return {endpoint(server.at("address"), server.at("port")),
          method(server),
          text(server.at("weight")),
          server_state(server),
          text(server.at("interface")),
          text(server.at("next_hop")),
          text(server.at("active")),
          text(server.at("inactive")),
          text(server.at("connections")),
          bytes(server.at("bytes"))};
}

std::vector<std::string> server_headings() {
  return {"SERVER",   "FORWARD", "WEIGHT>",   "STATE",        "INTERFACE",
          "NEXT HOP", "ACTIVE>", "INACTIVE>", "CONNECTIONS>", "BYTES>"};
}

Rendered service_show(const Json& json) {
  Facts facts;
  facts.add("service", text(json.at("name")));
  for (const auto& each : json.at("listeners"))
    facts.add("address", endpoint(each) + " " + text(each.at("protocol")));
  facts.add("scheduler", text(json.at("scheduler")));
  facts.add("forward", text(json.at("forward")));
  facts.add("connections", text(json.at("connections")) + ", " + text(json.at("active")) +
                               " active, " + text(json.at("inactive")) + " inactive");
  facts.add("traffic", text(json.at("packets")) + " packets, " + bytes(json.at("bytes")));
  Table servers(server_headings());
  for (const auto& each : json.at("servers")) servers.add(server_row(each));
  return {facts.to_string() + "\n" + servers.to_string(), ""};
}

Rendered server_list(const Json& json) {
  auto headings = server_headings();
  headings.insert(headings.begin(), "SERVICE");
  Table table(headings);
  for (const auto& each : json.at("servers")) {
    auto row = server_row(each);
    row.insert(row.begin(), text(each.at("service")));
    table.add(row);
  }
  return {table.to_string(), ""};
}

Rendered connection_list(const Json& json) {
  const Json& connections = json.at("connections");
  const bool any_local = std::any_of(connections.begin(), connections.end(),
                                     [](const Json& each) { return each.contains("local"); });
  std::vector<std::string> headings = {"PROTOCOL", "STATE",   "CLIENT", "VIP",
                                       "SERVER",   "SERVICE", "IDLE>",  "EXPIRES>"};
  constexpr int kLocal = 4;  // Its column, if there is one.
  if (any_local) headings.insert(headings.begin() + kLocal, "LOCAL");
  Table table(headings);
  for (const auto& each : connections) {
    std::vector<std::string> row = {text(each.at("protocol")), text(each.at("state")),
                                    text(each.at("client")),   text(each.at("vip")),
                                    text(each.at("server")),   text(each.at("service")),
                                    time(each.at("idle_ms")),  time(each.at("expires_ms"))};
    if (any_local) row.insert(row.begin() + kLocal, text(each.value("local", Json())));
    table.add(row);
  }
  if (!json.at("truncated")) return {table.to_string(), ""};
  return {table.to_string(), "there are more than these " + text(json.at("limit")) +
                                 ": 'connection count' counts them, --limit N lists more"};
}

Rendered connection_count(const Json& json) { return {text(json.at("count")) + "\n", ""}; }

void add_stats(Table& table, std::string service, std::string server, const Json& counts) {
  std::vector<std::string> row = {std::move(service), std::move(server),
                                  text(counts.at("connections")), text(counts.at("packets")),
                                  bytes(counts.at("bytes"))};
  if (counts.contains("per_second")) {
    const Json& per_second = counts.at("per_second");
    row.insert(row.end(), {rate(per_second.at("connections")), rate(per_second.at("packets")),
                           bytes(per_second.at("bytes"))});
  }
  table.add(std::move(row));
}

Rendered stats(const Json& json) {
  std::vector<std::string> headings = {"SERVICE", "SERVER", "CONNECTIONS>", "PACKETS>", "BYTES>"};
  if (json.at("total").contains("per_second"))
    headings.insert(headings.end(), {"CONNECTIONS/S>", "PACKETS/S>", "BYTES/S>"});
  Table table(headings);
  for (const auto& service : json.at("services")) {
    add_stats(table, text(service.at("name")), "all", service);
    for (const auto& server : service.at("servers"))
      add_stats(table, text(service.at("name")), endpoint(server.at("address"), server.at("port")),
                server);
  }
  add_stats(table, "TOTAL", "", json.at("total"));
  return {table.to_string(), ""};
}

Rendered verdicts(const Json& json) {
  Table table({"VERDICT", "PACKETS>", "MEANING"});
  for (const auto& each : json.at("verdicts"))
    table.add({text(each.at("name")), text(each.at("packets")), text(each.at("text"))});
  return {table.to_string(), ""};
}

Rendered config_show(const Json& json) { return {json.at("yaml").get<std::string>(), ""}; }

Rendered config_diff(const Json& json) {
  const std::string file = text(json.at("config_file"));
  if (!json.at("differs")) return {"the live configuration equals " + file + "\n", ""};
  Table table({"WHAT DIFFERS", "IN THE FILE", "LIVE"});
  for (const auto& each : json.at("differences"))
    table.add({text(each.at("path")), text(each.at("file")), text(each.at("live"))});
  return {table.to_string(), ""};
}

// The answer to a change: what was done.
Rendered message(const Json& json) {
  return {json.at("message").get<std::string>() + "\n", "",
          json.value("warnings", std::vector<std::string>())};
}

struct View {
  std::string_view verb;
  Rendered (*render)(const Json&);
};

// All other verbs answer with a message.
constexpr View kViews[] = {
    {"status", status},
    {"service list", service_list},
    {"service show", service_show},
    {"server list", server_list},
    {"connection list", connection_list},
    {"connection count", connection_count},
    {"stats", stats},
    {"verdicts", verdicts},
    {"config show", config_show},
    {"config diff", config_diff},
};

}  // namespace

Result<Rendered> render(const control::Verb& verb, const std::string& answer) {
  auto view = message;
  for (const View& each : kViews)
    if (each.verb == verb.words) view = each.render;
  try {
    return view(Json::parse(answer));
  } catch (const Json::exception& error) {
    return refusal("the daemon's answer is not what this client knows: " +
                   std::string(error.what()) + "\ncompare their versions: pinionctl version");
  }
}

std::string render_error(const std::string& answer) {
  const Json parsed = Json::parse(answer, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("error"))
    return "the daemon failed: " + answer + "\n";
  const Json& error = parsed["error"];
  const std::string hint = error.value("hint", "");
  return error.value("message", "") + (hint.empty() ? "" : "; " + hint) + "\n";
}

}  // namespace pinion::ctl
