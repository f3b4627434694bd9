// SPDX-License-Identifier: Apache-2.0
// Runs frames through the data plane for whoever writes them to its standard input. Lines such as
// "setup nat", "setup fullnat", "setup crossing" or "setup tun gue 6" make an empty director that
// forwards so; all others are frames in hex, and answered by "ACTION FRAME": XDP_*, and what came
// out. Exit status 77: this process may not load programs.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

#include "tests/packet/director.h"

namespace pinion::packet {
namespace {

constexpr char kVips[2][16] = {"10.0.0.1", "2001:db8::1"};
constexpr char kServerAddresses[2][16] = {"192.168.5.5", "fd00:5::5"};
constexpr char kSources[2][16] = {"192.168.5.1", "fd00:5::1"};
constexpr char kLocals[2][16] = {"10.0.0.200", "fd00::200"};
constexpr uint32_t kFirst = 5;        // IPv4's real server; IPv6's is the next.
constexpr uint32_t kFirstOfSctp = 7;  // At the same addresses, and the port that it was sent to.
constexpr uint16_t kServerPort = 8080, kGuePort = 6080;

struct Listening {
  uint8_t protocol;
  uint16_t port;
};
constexpr Listening kListening[] = {{kTcp, 80}, {kUdp, 53}, {kSctp, 36412}};

void put_words(__be32 (&words)[4], const std::string& address) {
  Bytes bytes = address_bytes(address);
  if (bytes.size() == 4) bytes.insert(bytes.begin(), {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff});
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<uint8_t*>(words));
}

void serve(Director& director, uint32_t family, uint32_t server, const Listening& listening) {
  director.add_service({.address = kVips[family],
                        .port = listening.port,
                        .protocol = listening.protocol,
                        .slot_base = 10 + server,
                        .slots = {server}});
}

// Full NAT is not for SCTP. Where packets cross, the server of IPv6's VIP is IPv4's.
void set_up_nat(Director& director, pinion_method method, bool crosses = false) {
  for (uint32_t family = crosses ? 1 : 0; family < 2; ++family) {
    const std::string address = kServerAddresses[crosses ? 0 : family];
    director.add_server(kFirst + family,
                        {.method = method, .address = address, .port = kServerPort});
    director.add_server(kFirstOfSctp + family, {.method = method, .address = address});
    director.look_at(address);
    for (const Listening& each : kListening) {
      if (each.protocol != kSctp)
        serve(director, family, kFirst + family, each);
      else if (method == PINION_METHOD_NAT)
        serve(director, family, kFirstOfSctp + family, each);
    }
  }
  director.send_from({kLocals[0], kLocals[1]}, 65536 - PINION_FIRST_LOCAL_PORT);
}

void set_up_tunnel(Director& director, const std::string& type, uint32_t outer) {
  director.add_server(kFirst, {.method = PINION_METHOD_TUN});
  pinion_real_server& server = director.servers()[kFirst];
  put_words(server.address, kServerAddresses[outer]);
  put_words(server.tunnel_source, kSources[outer]);
  server.tunnel = type == "ipip"  ? PINION_TUNNEL_IPIP
                  : type == "gre" ? PINION_TUNNEL_GRE
                                  : PINION_TUNNEL_GUE;
  server.tunnel_port = __builtin_bswap16(kGuePort);
  server.tunnel_flags = PINION_TUNNEL_CHECKSUM;
  for (uint32_t family = 0; family < 2; ++family)
    for (const Listening& each : kListening) serve(director, family, kFirst, each);
}

void set_up(Director& director, std::istringstream& words) {
  std::string method, type;
  uint32_t outer = 4;
  words >> method >> type >> outer;
  director.reset();
  if (method == "tun")
    set_up_tunnel(director, type, outer == 6);
  else
    set_up_nat(director, method == "nat" ? PINION_METHOD_NAT : PINION_METHOD_FULLNAT,
               method == "crossing");
}

std::string run(Director& director, const std::string& hex) {
  Bytes in;
  for (size_t at = 0; at + 2 <= hex.size(); at += 2)
    in.push_back(static_cast<uint8_t>(std::stoul(hex.substr(at, 2), nullptr, 16)));
  const Ran ran = director.run(in);
  std::string out = std::to_string(ran.action) + " ";
  char two[3];
  for (const uint8_t byte : ran.out) {
    std::snprintf(two, sizeof(two), "%02x", byte);
    out += two;
  }
  return out;
}

void serve_lines(Director& director) {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first == "setup")
      set_up(director, words);
    else
      std::cout << run(director, first) << std::endl;
  }
}

}  // namespace
}  // namespace pinion::packet

int main() {
  try {
    pinion::packet::Director director;
    pinion::packet::serve_lines(director);
  } catch (const std::system_error& error) {
    if (error.code().value() != EPERM) throw;
    std::cerr << "CAP_BPF is missing: " << error.what() << "\n";
    return 77;
  }
}
