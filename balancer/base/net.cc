// SPDX-License-Identifier: Apache-2.0
#include "balancer/base/net.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace pinion {
namespace {

constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// The whole of `text` as a decimal number; nothing else, no sign, no blank.
std::optional<unsigned> parse_number(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) return {};
  return value;
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return {};  // inet_pton would stop there.
  const std::string terminated(text);
  in_addr v4{};
  if (inet_pton(AF_INET, terminated.c_str(), &v4) == 1) return from_v4(v4.s_addr);
  std::array<uint8_t, 16> v6{};
  if (inet_pton(AF_INET6, terminated.c_str(), v6.data()) == 1) return from_v6(v6);
  return {};
}

Address Address::from_v4(__be32 address) {
  Address result;
  std::copy(kMapped.begin(), kMapped.end(), result.bytes_.begin());
  std::memcpy(&result.bytes_[12], &address, sizeof(address));
  return result;
}

Address Address::from_v6(const std::array<uint8_t, 16>& bytes) {
  Address result;
  result.bytes_ = bytes;
  return result;
}

bool Address::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin()); }

bool Address::is_unspecified() const {
  const auto first = bytes_.begin() + (is_v4() ? 12 : 0);
  return std::all_of(first, bytes_.end(), [](uint8_t byte) { return byte == 0; });
}

bool Address::is_multicast() const {
  return is_v4() ? (bytes_[12] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

bool Address::is_loopback() const {
  if (is_v4()) return bytes_[12] == 127;
  Address loopback;
  loopback.bytes_[15] = 1;
  return *this == loopback;
}

bool Address::is_link_local() const {
  if (is_v4()) return bytes_[12] == 169 && bytes_[13] == 254;
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

__be32 Address::v4() const {
  __be32 address;
  std::memcpy(&address, &bytes_[12], sizeof(address));
  return address;
}

std::array<__be32, 4> Address::words() const {
  std::array<__be32, 4> words;
  std::memcpy(words.data(), bytes_.data(), sizeof(words));
  return words;
}

Address Address::from_words(const __be32 (&words)[4]) {
  Address result;
  std::memcpy(result.bytes_.data(), words, sizeof(words));
  return result;
}

std::string Address::to_string() const {
  char text[INET6_ADDRSTRLEN];
  const void* source = is_v4() ? bytes_.data() + 12 : bytes_.data();
  return inet_ntop(family(), source, text, sizeof(text)) ? text : "?";
}

std::optional<Prefix> Prefix::parse(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = Address::parse(text.substr(0, slash));
  if (!address) return {};
  if (slash == std::string_view::npos) return Prefix{*address, address->bits()};
  const auto length = parse_number(text.substr(slash + 1), address->bits());
  if (!length) return {};
  return Prefix{*address, static_cast<uint8_t>(*length)};
}

std::string Prefix::to_string() const { return address.to_string() + "/" + std::to_string(length); }

Address Prefix::network() const {
  std::array<uint8_t, 16> bytes = address.bytes();
  const size_t kept = bytes.size() * 8 - address.bits() + length;
  for (size_t bit = kept; bit < bytes.size() * 8; ++bit)
    bytes[bit / 8] &= static_cast<uint8_t>(~(0x80 >> bit % 8));
  return Address::from_v6(bytes);
}

bool Prefix::contains(const Address& other) const {
  return address.family() == other.family() && Prefix{other, length}.network() == network();
}

std::string host_or_prefix(const Prefix& prefix) {
  return prefix.is_host() ? prefix.address.to_string() : prefix.to_string();
}

Port Port::from_be(__be16 port) { return {ntohs(port)}; }

__be16 Port::be() const { return htons(value); }

std::optional<Ports> Ports::parse(std::string_view text) {
  if (text == "any") return any();
  const size_t dash = std::min(text.find('-'), text.size());
  const auto first = parse_number(text.substr(0, dash), 65535);
  const auto last = dash < text.size() ? parse_number(text.substr(dash + 1), 65535) : first;
  if (!first || !last || *first == 0 || *first > *last) return {};
  return Ports{static_cast<uint16_t>(*first), static_cast<uint16_t>(*last)};
}

std::string Ports::to_string() const {
  if (is_any()) return "any";
  return std::to_string(first) + (is_one() ? "" : "-" + std::to_string(last));
}

std::optional<Mac> Mac::parse(std::string_view text) {
  Mac mac;
  if (text.size() != 17) return {};
  for (size_t i = 0; i < mac.bytes.size(); ++i) {
    const char* digits = text.data() + 3 * i;
    if (i > 0 && digits[-1] != ':') return {};
    const auto [end, error] = std::from_chars(digits, digits + 2, mac.bytes[i], 16);
    if (error != std::errc() || end != digits + 2) return {};
  }
  return mac;
}

std::string Mac::to_string() const {
  char text[18];
  std::snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2],
                bytes[3], bytes[4], bytes[5]);
  return text;
}

std::string_view to_string(Protocol protocol) {
  if (protocol == Protocol::kTcp) return "tcp";
  return protocol == Protocol::kUdp ? "udp" : "sctp";
}

std::optional<Protocol> parse_protocol(std::string_view text) {
  for (const Protocol protocol : kProtocols)
    if (text == to_string(protocol)) return protocol;
  return {};
}

std::string to_string(const Address& address, Port port) {
  const std::string text = address.to_string();
  return (address.is_v4() ? text : "[" + text + "]") + ":" + std::to_string(port.value);
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return {};
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = Address::parse(host);
  const auto port = parse_number(text.substr(colon + 1), 65535);
  if (!address || !port || bracketed == address->is_v4()) return {};
  return Endpoint{*address, {static_cast<uint16_t>(*port)}};
}

}  // namespace pinion
