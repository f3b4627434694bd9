// SPDX-License-Identifier: Apache-2.0
#include "config/codecs.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <limits>

#include "balancer/base/suggest.h"
#include "balancer/bpf/abi/lists.h"
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

constexpr std::array kTruths = {Keyword<bool>{"true", true}, Keyword<bool>{"false", false}};

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

template <const auto& kWords>
constexpr auto kNamesOf = [] {
  std::array<std::string_view, kWords.size()> names;
  for (size_t i = 0; i < names.size(); ++i) names[i] = kWords[i].word;
  return names;
}();

template <const auto& kWords>
auto parse_keyword(std::string_view text) -> Result<decltype(kWords[0].value), Misread> {
  for (const auto& keyword : kWords)
    if (keyword.word == text) return keyword.value;
  return Misread{did_you_mean(text, kNamesOf<kWords>)};
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

// Accepts nothing but digits of the base: no sign and no blank.
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
  const int length = std::snprintf(digits.data(), digits.size(), "%04o", mode);
  return std::string(digits.data(), static_cast<size_t>(length));
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

template <auto kParse>
std::optional<Misread> refuse_by(std::string_view text) {
  if (const auto value = kParse(text); !value) return value.error();
  return {};
}

template <auto kParse, typename V>
constexpr Codec<V> codec(Syntax syntax, std::string (*format)(const V& value)) {
  syntax.refuse = refuse_by<kParse>;
  return {syntax, kParse, format};
}

template <const auto& kWords>
constexpr auto keyword_codec(std::string_view placeholder, JsonType json = JsonType::kText) {
  return codec<parse_keyword<kWords>>({"", placeholder, json, kNamesOf<kWords>},
                                      format_keyword<kWords>);
}

// For a key that may be absent; kValue reads and writes the value.
template <const auto& kValue, typename V>
Result<std::optional<V>, Misread> parse_present(std::string_view text) {
  auto value = kValue.parse(text);
  if (!value) return value.error();
  return std::optional<V>(std::move(*value));
}

template <const auto& kValue, typename V>
std::string format_present(const std::optional<V>& value) {
  return value ? kValue.format(*value) : "";
}

template <const auto& kValue, typename V>
constexpr Codec<std::optional<V>> optional_codec(const Codec<V>& value) {
  return {value, parse_present<kValue, V>, format_present<kValue, V>};
}

constexpr std::string_view kSizeExample = "a number such as 65536, 64K or 1M";
constexpr std::string_view kAddressOrPrefix = "an address or prefix such as 10.0.0.0/8 or fd00::1";

}  // namespace

std::string expected_by(const Syntax& syntax) {
  if (syntax.words.empty()) return std::string(syntax.expected);
  std::string text;
  for (const std::string_view word : syntax.words)
    text += (text.empty() ? "one of " : ", ") + std::string(word);
  return text;
}

constexpr Codec<std::string> kText =
    codec<parse_text>({.expected = "text", .placeholder = "TEXT", .text = true}, format_text);
constexpr Codec<std::string> kName = codec<parse_name>(
    {.expected = "text that is not empty", .placeholder = "NAME", .text = true}, format_text);
constexpr Codec<std::string> kScheduler = codec<parse_name>(
    {.expected = "text that is not empty", .placeholder = "SCHEDULER", .text = true}, format_text);

constexpr Codec<XdpMode> kXdpMode = keyword_codec<kXdpModes>("MODE");
constexpr Codec<OnStop> kOnStop = keyword_codec<kOnStops>("WHAT");
constexpr Codec<Return> kReturn = keyword_codec<kReturns>("HOW");
constexpr Codec<Forward> kForward = keyword_codec<kForwards>("METHOD");
constexpr Codec<std::optional<Forward>> kServerForward = optional_codec<kForward>(kForward);
constexpr Codec<Protocol> kProtocol = keyword_codec<kProtocolWords>("PROTOCOL");
constexpr Codec<TunnelType> kTunnelType = keyword_codec<kTunnelTypes>("TYPE");
constexpr Codec<std::optional<TunnelType>> kServerTunnelType =
    optional_codec<kTunnelType>(kTunnelType);
constexpr Codec<ClientAddress> kClientAddress = keyword_codec<kClientAddresses>("HOW");
constexpr Codec<std::optional<ClientAddress>> kServerClientAddress =
    optional_codec<kClientAddress>(kClientAddress);
constexpr Codec<uint32_t> kMss = codec<parse_mss>(
    {"auto, off, or an integer from 88 to 65495", "N|auto|off", JsonType::kIntegerOrText},
    format_mss);
constexpr Codec<bool> kTruth = keyword_codec<kTruths>("true|false", JsonType::kBoolean);
constexpr Codec<std::optional<bool>> kServerTruth = optional_codec<kTruth>(kTruth);

constexpr Codec<uint64_t> kSize =
    codec<parse_sized<uint64_t>>({kSizeExample, "N", JsonType::kInteger}, format_sized<uint64_t>);
constexpr Codec<uint32_t> kCount =
    codec<parse_sized<uint32_t>>({kSizeExample, "N", JsonType::kInteger}, format_sized<uint32_t>);
constexpr Codec<std::chrono::milliseconds> kTime = codec<parse_timeout>(
    {"a time such as 500ms, 30s, 15m or 1h", "TIME", JsonType::kInteger}, format_timeout);
constexpr Codec<uint32_t> kFileMode = codec<parse_mode>(
    {.expected = "an octal file mode such as \"0660\"", .placeholder = "MODE", .text = true},
    format_mode);
constexpr Codec<uint32_t> kWeight = codec<parse_integer<uint32_t, 65535>>(
    {"an integer from 0 to 65535", "N", JsonType::kInteger}, format_integer);
constexpr Codec<uint32_t> kMetric = codec<parse_integer<uint32_t, 4294967295>>(
    {"an integer from 0 to 4294967295", "N", JsonType::kInteger}, format_integer);
constexpr Codec<Port> kPort =
    codec<parse_port>({"a port from 1 to 65535", "PORT", JsonType::kInteger}, format_port);
constexpr Codec<Ports> kPorts =
    codec<parse_ports>({"a port from 1 to 65535, a range such as 8000-8100, or any",
                        "PORT|RANGE|any", JsonType::kIntegerOrText},
                       format_ports);
constexpr Codec<std::optional<Port>> kServerPort = optional_codec<kPort>(kPort);

constexpr Codec<Address> kAddress =
    codec<parse_address>({"an IPv4 or IPv6 address", "ADDRESS"}, format_address);
constexpr Codec<std::optional<Address>> kGateway = optional_codec<kAddress>(kAddress);
constexpr Codec<Prefix> kPrefix = codec<parse_prefix>({kAddressOrPrefix, "PREFIX"}, format_prefix);
constexpr Codec<Prefix> kVip = codec<parse_vip>(
    {"an address or prefix such as 192.0.2.80 or 192.0.2.0/28", "VIP"}, host_or_prefix);
constexpr Codec<std::optional<Prefix>> kSource = optional_codec<kPrefix>(kPrefix);

}  // namespace pinion::config
