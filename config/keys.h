// SPDX-License-Identifier: Apache-2.0
// Every key that a configuration may have, one table a mapping. Loading, "unknown key", saving,
// diff and (by a test) the manual page all follow these tables. Order is that of config.h, and of
// what is written. To add a key: the member in config.h, a row here, a paragraph in the manual.
#pragma once

#include <string_view>
#include <tuple>
#include <vector>

#include "config/codecs.h"
#include "config/config.h"

namespace pinion::config {

enum class Presence { kOptional, kRequired };

// Four shapes of values: a scalar, a list of scalars, a mapping, a list of mappings; and short for
// a list of one mapping, that one's scalars beside it.
template <typename T, typename V>
struct ScalarKey {
  std::string_view name;
  V T::*member;
  const Codec<V>* codec;
  Presence presence = Presence::kOptional;
  std::string_view alias;  // Read as `name`, never written.
};

template <typename T, typename V>
struct ScalarsKey {
  std::string_view name;
  std::vector<V> T::*member;
  const Codec<V>* codec;
};

template <typename T, typename V>
struct MappingKey {
  std::string_view name;
  V T::*member;
};

template <typename T, typename V>
struct MappingsKey {
  std::string_view name;
  std::vector<V> T::*member;
  bool has_short_form = false;  // Of one element, and written so: see ShortKey.
};

// A key of the only element of a list: `vip: 192.0.2.80` says what `listeners: [{vip: ...}]` does.
template <typename T, typename E, typename V>
struct ShortKey {
  std::string_view name;
  std::vector<E> T::*list;
  std::string_view list_name;
  V E::*member;
  const Codec<V>* codec;
  Presence presence = Presence::kOptional;  // Where the list is not there.
};

template <typename T, typename V>
constexpr ScalarKey<T, V> scalar(std::string_view name, V T::*member, const Codec<V>& codec,
                                 Presence presence = Presence::kOptional,
                                 std::string_view alias = {}) {
  return {name, member, &codec, presence, alias};
}

template <typename T, typename V>
constexpr ScalarsKey<T, V> scalars(std::string_view name, std::vector<V> T::*member,
                                   const Codec<V>& codec) {
  return {name, member, &codec};
}

template <typename T, typename V>
constexpr MappingKey<T, V> mapping(std::string_view name, V T::*member) {
  return {name, member};
}

template <typename T, typename V>
constexpr MappingsKey<T, V> mappings(std::string_view name, std::vector<V> T::*member) {
  return {name, member};
}

template <typename T, typename V>
constexpr MappingsKey<T, V> mappings_or_short(std::string_view name, std::vector<V> T::*member) {
  return {name, member, true};
}

template <typename T>
inline constexpr std::tuple<> kKeys{};

// Each key of E, short for the list of one E.
template <typename T, typename E>
constexpr auto short_form_of(std::string_view list_name, std::vector<E> T::*list) {
  return std::apply(
      [&]<typename... V>(const ScalarKey<E, V>&... key) {
        return std::tuple{
            ShortKey<T, E, V>{key.name, list, list_name, key.member, key.codec, key.presence}...};
      },
      kKeys<E>);
}

template <>
inline constexpr auto kKeys<Connections> = std::tuple{
    scalar("ipv4", &Connections::ipv4, kSize),
    scalar("ipv6", &Connections::ipv6, kSize),
};

template <>
inline constexpr auto kKeys<Timeouts> = std::tuple{
    scalar("syn", &Timeouts::syn, kTime),
    scalar("established", &Timeouts::established, kTime),
    scalar("fin", &Timeouts::fin, kTime),
    scalar("closed", &Timeouts::closed, kTime),
    scalar("time_wait", &Timeouts::time_wait, kTime),
    scalar("udp", &Timeouts::udp, kTime),
};

template <>
inline constexpr auto kKeys<Limits> = std::tuple{
    scalar("services", &Limits::services, kCount),
    scalar("servers", &Limits::servers, kCount),
    scalar("slots", &Limits::slots, kCount),
    scalar("prefixes", &Limits::prefixes, kCount),
};

template <>
inline constexpr auto kKeys<Control> = std::tuple{
    scalar("socket", &Control::socket, kName),
    scalar("group", &Control::group, kName),
    scalar("mode", &Control::mode, kFileMode),
};

template <>
inline constexpr auto kKeys<Metrics> = std::tuple{
    scalar("listen", &Metrics::listen, kText),
};

template <>
inline constexpr auto kKeys<LocalAddress> = std::tuple{
    scalar("address", &LocalAddress::address, kAddress, Presence::kRequired),
    scalar("interface", &LocalAddress::interface, kName, Presence::kRequired),
};

template <>
inline constexpr auto kKeys<Director> = std::tuple{
    scalar("instance", &Director::instance, kName),
    scalars("interfaces", &Director::interfaces, kName),
    scalar("xdp", &Director::xdp, kXdpMode),
    mapping("connections", &Director::connections),
    mapping("timeouts", &Director::timeouts),
    mapping("limits", &Director::limits),
    mapping("control", &Director::control),
    mapping("metrics", &Director::metrics),
    scalar("on_stop", &Director::on_stop, kOnStop),
    mappings("local_addresses", &Director::local_addresses),
};

template <>
inline constexpr auto kKeys<Vip> = std::tuple{
    scalar("address", &Vip::address, kPrefix, Presence::kRequired),
    scalar("interface", &Vip::interface, kName, Presence::kRequired),
    scalar("label", &Vip::label, kText),
};

template <>
inline constexpr auto kKeys<HostRoute> = std::tuple{
    scalar("to", &HostRoute::to, kPrefix, Presence::kRequired),
    scalar("via", &HostRoute::via, kGateway),
    scalar("interface", &HostRoute::interface, kName, Presence::kOptional, "dev"),
    scalar("metric", &HostRoute::metric, kMetric),
};

template <>
inline constexpr auto kKeys<Tunnel> = std::tuple{
    scalar("type", &Tunnel::type, kTunnelType),
    scalar("port", &Tunnel::port, kPort),
    scalar("checksum", &Tunnel::checksum, kTruth),
    scalar("source", &Tunnel::source, kSource),
};

template <>
inline constexpr auto kKeys<ServerTunnel> = std::tuple{
    scalar("type", &ServerTunnel::type, kServerTunnelType),
    scalar("port", &ServerTunnel::port, kServerPort),
    scalar("checksum", &ServerTunnel::checksum, kServerTruth),
    scalar("source", &ServerTunnel::source, kSource),
};

template <>
inline constexpr auto kKeys<Server> = std::tuple{
    scalar("address", &Server::address, kAddress, Presence::kRequired),
    scalar("weight", &Server::weight, kWeight),
    scalar("port", &Server::port, kServerPort),
    scalar("forward", &Server::forward, kServerForward),
    mapping("tunnel", &Server::tunnel),
    scalar("client_address", &Server::client_address, kServerClientAddress),
};

template <>
inline constexpr auto kKeys<Listener> = std::tuple{
    scalar("vip", &Listener::vip, kVip, Presence::kRequired),
    scalar("port", &Listener::ports, kPorts, Presence::kRequired),
    scalar("protocol", &Listener::protocol, kProtocol),
};

template <>
inline constexpr auto kKeys<Service> =
    std::tuple_cat(std::tuple{scalar("name", &Service::name, kName)},
                   short_form_of("listeners", &Service::listeners),
                   std::tuple{
                       mappings_or_short("listeners", &Service::listeners),
                       scalar("scheduler", &Service::scheduler, kName),
                       scalar("forward", &Service::forward, kForward),
                       scalar("return", &Service::replies, kReturn),
                       mapping("tunnel", &Service::tunnel),
                       scalar("client_address", &Service::client_address, kClientAddress),
                       scalar("mss", &Service::mss, kMss),
                       mappings("servers", &Service::servers),
                   });

template <>
inline constexpr auto kKeys<Config> = std::tuple{
    mapping("director", &Config::director),
    mappings("vips", &Config::vips),
    mappings("host_routes", &Config::host_routes),
    mappings("services", &Config::services),
};

// Calls `visit` with each row of T's table, in order.
template <typename T, typename Visit>
constexpr void for_each_key(Visit&& visit) {
  std::apply([&](const auto&... key) { (visit(key), ...); }, kKeys<T>);
}

}  // namespace pinion::config
