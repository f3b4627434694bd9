// SPDX-License-Identifier: Apache-2.0
// Addresses as values. This is the one place where C++ swaps byte order.
#pragma once

#include <linux/types.h>
#include <netinet/in.h>

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace pinion {

// An IPv4 or IPv6 address. IPv4 is kept as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), as in the maps.
class Address {
 public:
  Address() = default;  // ::, the unspecified address.

  static std::optional<Address> parse(std::string_view text);
  static Address from_v4(__be32 address);
  static Address from_v6(const std::array<uint8_t, 16>& bytes);  // Network order.

  bool is_v4() const;
  int family() const { return is_v4() ? AF_INET : AF_INET6; }
  // 32 or 128.
  uint8_t bits() const { return is_v4() ? 32 : 128; }
  bool is_unspecified() const;
  bool is_multicast() const;
  bool is_loopback() const;
  bool is_link_local() const;

  // Network order, 16 bytes, mapped where it is IPv4.
  const std::array<uint8_t, 16>& bytes() const { return bytes_; }
  __be32 v4() const;                    // Only where is_v4().
  std::array<__be32, 4> words() const;  // As the maps have it.
  static Address from_words(const __be32 (&words)[4]);

  std::string to_string() const;
  auto operator<=>(const Address&) const = default;

 private:
  std::array<uint8_t, 16> bytes_{};
};

// An address and a length: 10.0.0.0/8. Host bits may be set, as in an interface's address.
struct Prefix {
  Address address;
  uint8_t length = 0;

  // "10.0.0.1/32"; without a length it is the whole address.
  static std::optional<Prefix> parse(std::string_view text);
  bool is_host() const { return length == address.bits(); }
  Address network() const;                    // Host bits are 0.
  bool contains(const Address& other) const;  // Which is of the same family, then.
  std::string to_string() const;
  auto operator<=>(const Prefix&) const = default;
};
// The address alone where it is a single host, as operators write it.
std::string host_or_prefix(const Prefix& prefix);

// A port, in host order; be() is what a packet carries.
struct Port {
  uint16_t value = 0;

  static Port from_be(__be16 port);
  __be16 be() const;
  auto operator<=>(const Port&) const = default;
};

// One port, a range of them, or any: all that a packet may carry, 0 included.
struct Ports {
  uint16_t first = 0;
  uint16_t last = 0;

  static Ports one(uint16_t port) { return {port, port}; }
  static Ports any() { return {0, 65535}; }
  static std::optional<Ports> parse(std::string_view text);  // "80", "8000-8100", "any"
  bool is_one() const { return first == last; }
  bool is_any() const { return *this == any(); }
  uint32_t count() const { return uint32_t{last} - first + 1; }
  std::string to_string() const;
  auto operator<=>(const Ports&) const = default;
};

struct Mac {
  std::array<uint8_t, 6> bytes{};

  static std::optional<Mac> parse(std::string_view text);  // "02:00:00:00:00:01"
  bool is_zero() const { return bytes == std::array<uint8_t, 6>{}; }
  std::string to_string() const;
  auto operator<=>(const Mac&) const = default;
};

// The numbers are those of the IP header.
enum class Protocol : uint8_t { kTcp = IPPROTO_TCP, kUdp = IPPROTO_UDP, kSctp = IPPROTO_SCTP };
inline constexpr Protocol kProtocols[] = {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp};
std::string_view to_string(Protocol protocol);  // "tcp"
std::optional<Protocol> parse_protocol(std::string_view text);

// "10.0.0.1:80", "[2001:db8::1]:80".
std::string to_string(const Address& address, Port port);
struct Endpoint {
  Address address;
  Port port;
  auto operator<=>(const Endpoint&) const = default;
};
std::optional<Endpoint> parse_endpoint(std::string_view text);

}  // namespace pinion

template <>
struct std::hash<pinion::Address> {
  size_t operator()(const pinion::Address& address) const noexcept {
    return std::hash<std::string_view>()(
        {reinterpret_cast<const char*>(address.bytes().data()), address.bytes().size()});
  }
};
