// SPDX-License-Identifier: Apache-2.0
// The one table of options: every key that a configuration may have, one table per mapping.
// Loading, "unknown key", saving, diff, the fields of JSON, and the options of pinionctl with their
// help, completion and manual are made from these tables; a test holds pinion.yaml(5) against them.
// The order is that of config.h, and of the written file. To add a key: the member in config.h, a
// row here, a paragraph in pinion.yaml(5).
#pragma once

#include <tuple>

#include "config/codecs.h"
#include "config/config.h"
#include "config/rows.h"

namespace pinion::config {

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
    scalar("interface", &HostRoute::interface, kName).or_called("dev"),
    scalar("metric", &HostRoute::metric, kMetric),
};

// Tunnels of services and of servers have the same options.
inline constexpr Option kTunnelTypeOption = {.help = "the encapsulation that tun uses"};
inline constexpr Option kTunnelPortOption = {.help = "the UDP port that gue sends to"};
inline constexpr Option kTunnelChecksumOption = {.help =
                                                     "whether gue has a UDP checksum over IPv4"};
inline constexpr Option kTunnelSourceOption = {
    .help =
        "where its outer headers say that they come from; of a prefix, the rest varies by flow"};

template <>
inline constexpr auto kKeys<Tunnel> = std::tuple{
    scalar("type", &Tunnel::type, kTunnelType).with(kTunnelTypeOption),
    scalar("port", &Tunnel::port, kPort).with(kTunnelPortOption),
    scalar("checksum", &Tunnel::checksum, kTruth).with(kTunnelChecksumOption),
    scalar("source", &Tunnel::source, kSource).with(kTunnelSourceOption),
};

template <>
inline constexpr auto kKeys<ServerTunnel> = std::tuple{
    scalar("type", &ServerTunnel::type, kServerTunnelType).with(kTunnelTypeOption).left_out(),
    scalar("port", &ServerTunnel::port, kServerPort).with(kTunnelPortOption).left_out(),
    scalar("checksum", &ServerTunnel::checksum, kServerTruth)
        .with(kTunnelChecksumOption)
        .left_out(),
    scalar("source", &ServerTunnel::source, kSource).with(kTunnelSourceOption).left_out(),
};

template <>
inline constexpr auto kKeys<Server> = std::tuple{
    scalar("address", &Server::address, kAddress, Presence::kRequired)
        .with({.help = "the real server's address",
               .instead_of_set = "add a server at the new address, and remove this one",
               .is_word = true}),
    scalar("weight", &Server::weight, kWeight)
        .with({.help = "its share of new connections, 0 to 65535; 0 is none"}),
    scalar("port", &Server::port, kServerPort)
        .with({.help = "its port",
               .instead_of_set = "add a server at the new port, and remove this one"}),
    scalar("forward", &Server::forward, kServerForward)
        .with({.help = "how packets reach it",
               .set_help = "how packets reach it; existing connections keep theirs"}),
    mapping("tunnel", &Server::tunnel, Absent::kLeftOut),
    scalar("client_address", &Server::client_address, kServerClientAddress)
        .with({.help = "how fullnat passes on the client's address",
               .set_help =
                   "how fullnat passes on the client's address; existing connections keep theirs"})
        .left_out(),
};

template <>
inline constexpr auto kKeys<Listener> = std::tuple{
    scalar("vip", &Listener::vip, kVip, Presence::kRequired)
        .with({.help = "the virtual IP address, or a prefix of them"}),
    scalar("port", &Listener::ports, kPorts, Presence::kRequired)
        .with({.help = "the virtual port, a range such as 8000-8100, or any"}),
    scalar("protocol", &Listener::protocol, kProtocol).with({.help = "the transport protocol"}),
};

template <>
inline constexpr auto kKeys<Service> = std::tuple_cat(
    std::tuple{
        scalar("name", &Service::name, kName)
            .with({.help = "its name (default VIP:PORT/PROTOCOL)",
                   .instead_of_set = "add a service with the new name, and remove this one",
                   .is_word = true}),
    },
    short_form_of("listeners", &Service::listeners),
    std::tuple{
        mappings_or_short(
            "listeners", &Service::listeners,
            {.help = "what it takes packets for, instead of a VIP, port and protocol",
             .set_help = "what it takes packets for, instead of its present listeners"}),
        scalar("scheduler", &Service::scheduler, kScheduler)
            .with({.help = "how new connections are distributed"}),
        scalar("forward", &Service::forward, kForward)
            .with({.help = "how packets reach the real servers"}),
        scalar("return", &Service::replies, kReturn)
            .with({.help = "how replies of nat and fullnat return to clients"}),
        mapping("tunnel", &Service::tunnel),
        scalar("client_address", &Service::client_address, kClientAddress)
            .with({.help = "how fullnat passes on the client's address"}),
        scalar("mss", &Service::mss, kMss)
            .with({.help = "the largest TCP segment (MSS) of nat and fullnat"}),
        mappings("servers", &Service::servers,
                 {.help = "a real server and its weight (default 1)",
                  .instead_of_set = "use 'server add', 'server set' or 'server remove'"}),
    });

template <>
inline constexpr auto kKeys<Config> = std::tuple{
    mapping("director", &Config::director),
    mappings("vips", &Config::vips),
    mappings("host_routes", &Config::host_routes),
    mappings("services", &Config::services),
};

}  // namespace pinion::config
