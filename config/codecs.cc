// SPDX-License-Identifier: Apache-2.0
#include "config/codecs.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "balancer/base/suggest.h"
#include "balancer/bpf/lists.h"
#include "config/units.h"

namespace pinion::config {
namespace {

template <typename E>
struct Keyword {
  std::string_view word;
  E value;
};

constexpr std::array kXdpModes = {Keyword<XdpMode>{"auto", XdpMode::kAuto},
                                  Keyword<XdpMode>{"native", XdpMode::kNative},
                                  Keyword<XdpMode>{"generic", XdpMode::kGeneric}};

constexpr std::array kOnStops = {Keyword<OnStop>{"withdraw", OnStop::kWithdraw},
                                 Keyword<OnStop>{"keep", OnStop::kKeep}};

constexpr std::array kProtocolWords = {Keyword<Protocol>{"tcp", Protocol::kTcp},
                                       Keyword<Protocol>{"udp", Protocol::kUdp},
                                       Keyword<Protocol>{"sctp", Protocol::kSctp}};

constexpr std::array kReturns = {Keyword<Return>{"last_hop", Return::kLastHop},
                                 Keyword<Return>{"routed", Return::kRouted}};

constexpr std::array kTruths = {Keyword<bool>{"false", false}, Keyword<bool>{"true", true}};

enum ForwardingMethod {
#define X(name, keyword, text) kMethod##name,
  PINION_FORWARDING_METHODS(X)
#undef X
};

constexpr std::array kForwards = {
#define X(name, keyword, text) Keyword<Forward>{#keyword, static_cast<Forward>(kMethod##name)},
    PINION_FORWARDING_METHODS(X)
#undef X
};

enum TunnelNumber {
#define X(name, keyword, text) kTunnel##name,
  PINION_TUNNELS(X)
#undef X
};

constexpr std::array kTunnelTypes = {
#define X(name, keyword, text) \
  Keyword<TunnelType>{#keyword, static_cast<TunnelType>(kTunnel##name)},
    PINION_TUNNELS(X)
#undef X
};

enum ClientAddressNumber {
#define X(name, keyword, text) kClientAddress##name,
  PINION_CLIENT_ADDRESSES(X)
#undef X
};

constexpr std::array kClientAddresses = {
#define X(name, keyword, text) \
  Keyword<ClientAddress>{#keyword, static_cast<ClientAddress>(kClientAddress##name)},
    PINION_CLIENT_ADDRESSES(X)
#undef X
};

// A comma behind each keyword: the last one is cut.
constexpr std::string_view kForwardsAndComma = "one of"
#define X(name, keyword, text) " " #keyword ","
    PINION_FORWARDING_METHODS(X);
#undef X
constexpr std::string_view kForwardWords =
    kForwardsAndComma.substr(0, kForwardsAndComma.size() - 1);

constexpr std::string_view kTunnelsAndComma = "one of"
#define X(name, keyword, text) " " #keyword ","
    PINION_TUNNELS(X);
#undef X
constexpr std::string_view kTunnelWords = kTunnelsAndComma.substr(0, kTunnelsAndComma.size() - 1);

template <const auto& kWords>
auto parse_keyword(std::string_view text) -> Result<decltype(kWords[0].value), Misread> {
  std::array<std::string_view, kWords.size()> known;
  for (size_t i = 0; i < known.size(); ++i) {
    if (kWords[i].word == text) return kWords[i].value;
    known[i] = kWords[i].word;
  }
  return Misread{did_you_mean(text, known)};
}

template <const auto& kWords>
std::string format_keyword(const decltype(kWords[0].value)& value) {
  const auto found = std::find_if(kWords.begin(), kWords.end(),
                                  [&](const auto& keyword) { return keyword.value == value; });
  return found == kWords.end() ? "?" : std::string(found->word);
}

Result<std::string, Misread> parse_text(std::string_view text) { return std::string(text); }

Result<std::string, Misread> parse_name(std::string_view text) {
  if (text.empty()) return Misread{};
  return std::string(text);
}

std::string format_text(const std::string& text) { return text; }

// Digits of the base and nothing else; a sign or a blank is not a digit.
template <typename V>
std::optional<V> parse_digits(std::string_view text, int base, V most) {
  V value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || value > most) return {};
  return value;
}

template <typename V, V most>
Result<V, Misread> parse_integer(std::string_view text) {
  const auto value = parse_digits<V>(text, 10, most);
  if (!value) return Misread{};
  return *value;
}

std::string format_integer(const uint32_t& value) { return std::to_string(value); }

Result<uint32_t, Misread> parse_mss(std::string_view text) {
  if (text == "off") return kMssOff;
  if (text == "auto") return kMssAuto;
  const auto value = parse_digits<uint32_t>(text, 10, kMostMss);
  if (!value || *value < kLeastMss) return Misread{};
  return *value;
}

std::string format_mss(const uint32_t& value) {
  if (value == kMssOff) return "off";
  return value == kMssAuto ? "auto" : format_integer(value);
}

template <typename V>
Result<V, Misread> parse_sized(std::string_view text) {
  const auto value = parse_size(text);
  if (!value || *value > std::numeric_limits<V>::max()) return Misread{};
  return static_cast<V>(*value);
}

template <typename V>
std::string format_sized(const V& value) {
  return format_size(value);
}

Result<std::chrono::milliseconds, Misread> parse_timeout(std::string_view text) {
  if (const auto value = parse_duration(text)) return *value;
  if (parse_digits<uint64_t>(text, 10, std::numeric_limits<uint64_t>::max()))
    return Misread{"add the unit: \"" + std::string(text) + "s\""};
  return Misread{};
}

std::string format_timeout(const std::chrono::milliseconds& value) {
  return format_duration(value);
}

Result<uint32_t, Misread> parse_mode(std::string_view text) {
  if (text.starts_with("0o")) text.remove_prefix(2);
  const auto mode = parse_digits<uint32_t>(text, 8, 0777);
  if (!mode) return Misread{};
  return *mode;
}

std::string format_mode(const uint32_t& mode) {
  std::array<char, 12> digits;  // Eleven octal digits hold 32 bits.
  digits[0] = '0';
  const auto [end, error] = std::to_chars(&digits[1], digits.data() + digits.size(), mode, 8);
  return std::string(digits.data(), end);
}

Result<Port, Misread> parse_port(std::string_view text) {
  const auto port = parse_digits<uint16_t>(text, 10, 65535);
  if (!port || *port == 0) return Misread{};
  return Port{*port};
}

std::string format_port(const Port& port) { return std::to_string(port.value); }

Result<Ports, Misread> parse_ports(std::string_view text) {
  if (const auto ports = Ports::parse(text)) return *ports;
  return Misread{};
}

std::string format_ports(const Ports& ports) { return ports.to_string(); }

// Of a key that may be absent: the codec of its value, around an optional.
template <typename V, Result<V, Misread> (*kParse)(std::string_view)>
Result<std::optional<V>, Misread> parse_said(std::string_view text) {
  auto value = kParse(text);
  if (!value) return value.error();
  return std::optional<V>(*value);
}

template <typename V, std::string (*kFormat)(const V&)>
std::string format_said(const std::optional<V>& value) {
  return value ? kFormat(*value) : "";
}

Result<Address, Misread> parse_address(std::string_view text) {
  if (const auto address = Address::parse(text)) return *address;
  if (Prefix::parse(text)) return Misread{"leave out the length"};
  if (parse_endpoint(text)) return Misread{"leave out the port"};
  return Misread{};
}

std::string format_address(const Address& address) { return address.to_string(); }

Result<Prefix, Misread> parse_prefix(std::string_view text) {
  const auto prefix = Prefix::parse(text);
  if (!prefix) return Misread{};
  return *prefix;
}

std::string format_prefix(const Prefix& prefix) { return prefix.to_string(); }

Result<Prefix, Misread> parse_vip(std::string_view text) {
  if (const auto prefix = Prefix::parse(text)) return *prefix;
  if (parse_endpoint(text)) return Misread{"leave out the port"};
  return Misread{};
}

}  // namespace

const Codec<std::string> kText = {"text", parse_text, format_text, true};
const Codec<std::string> kName = {"text that is not empty", parse_name, format_text, true};
const Codec<XdpMode> kXdpMode = {"one of auto, native, generic", parse_keyword<kXdpModes>,
                                 format_keyword<kXdpModes>};
const Codec<OnStop> kOnStop = {"one of withdraw, keep", parse_keyword<kOnStops>,
                               format_keyword<kOnStops>};
const Codec<Return> kReturn = {"last_hop or routed", parse_keyword<kReturns>,
                               format_keyword<kReturns>};
const Codec<Forward> kForward = {kForwardWords, parse_keyword<kForwards>,
                                 format_keyword<kForwards>};
const Codec<std::optional<Forward>> kServerForward = {
    kForwardWords, parse_said<Forward, parse_keyword<kForwards>>,
    format_said<Forward, format_keyword<kForwards>>};
const Codec<Protocol> kProtocol = {"one of tcp, udp, sctp", parse_keyword<kProtocolWords>,
                                   format_keyword<kProtocolWords>};
const Codec<TunnelType> kTunnelType = {kTunnelWords, parse_keyword<kTunnelTypes>,
                                       format_keyword<kTunnelTypes>};
const Codec<std::optional<TunnelType>> kServerTunnelType = {
    kTunnelWords, parse_said<TunnelType, parse_keyword<kTunnelTypes>>,
    format_said<TunnelType, format_keyword<kTunnelTypes>>};
const Codec<ClientAddress> kClientAddress = {
    "one of none, toa, proxy", parse_keyword<kClientAddresses>, format_keyword<kClientAddresses>};
const Codec<std::optional<ClientAddress>> kServerClientAddress = {
    kClientAddress.expected, parse_said<ClientAddress, parse_keyword<kClientAddresses>>,
    format_said<ClientAddress, format_keyword<kClientAddresses>>};
const Codec<uint32_t> kMss = {"auto, off, or an integer from 88 to 65495", parse_mss, format_mss};
const Codec<bool> kTruth = {"one of false, true", parse_keyword<kTruths>, format_keyword<kTruths>};
const Codec<std::optional<bool>> kServerTruth = {"one of false, true",
                                                 parse_said<bool, parse_keyword<kTruths>>,
                                                 format_said<bool, format_keyword<kTruths>>};

const Codec<uint64_t> kSize = {"a number such as 65536, 64K or 1M", parse_sized<uint64_t>,
                               format_sized<uint64_t>};
const Codec<uint32_t> kCount = {"a number such as 65536, 64K or 1M", parse_sized<uint32_t>,
                                format_sized<uint32_t>};
const Codec<std::chrono::milliseconds> kTime = {"a time such as 500ms, 30s, 15m or 1h",
                                                parse_timeout, format_timeout};
const Codec<uint32_t> kFileMode = {"an octal file mode such as \"0660\"", parse_mode, format_mode,
                                   true};
const Codec<uint32_t> kWeight = {"an integer from 0 to 65535", parse_integer<uint32_t, 65535>,
                                 format_integer};
const Codec<uint32_t> kMetric = {"an integer from 0 to 4294967295",
                                 parse_integer<uint32_t, 4294967295>, format_integer};
const Codec<Port> kPort = {"a port from 1 to 65535", parse_port, format_port};
const Codec<Ports> kPorts = {"a port from 1 to 65535, a range such as 8000-8100, or any",
                             parse_ports, format_ports};
const Codec<std::optional<Port>> kServerPort = {
    "a port from 1 to 65535", parse_said<Port, parse_port>, format_said<Port, format_port>};

const Codec<Address> kAddress = {"an IPv4 or IPv6 address", parse_address, format_address};
const Codec<std::optional<Address>> kGateway = {"an IPv4 or IPv6 address",
                                                parse_said<Address, parse_address>,
                                                format_said<Address, format_address>};
const Codec<Prefix> kPrefix = {"an address or prefix such as 10.0.0.0/8 or fd00::1", parse_prefix,
                               format_prefix};
const Codec<Prefix> kVip = {"an address or prefix such as 192.0.2.80 or 192.0.2.0/28", parse_vip,
                            host_or_prefix};
const Codec<std::optional<Prefix>> kSource = {kPrefix.expected, parse_said<Prefix, parse_prefix>,
                                              format_said<Prefix, format_prefix>};

}  // namespace pinion::config
