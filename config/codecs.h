// SPDX-License-Identifier: Apache-2.0
// Codecs of scalars: how a value is read and written, and what it is called in errors, in help and
// in JSON. Only codecs know units and keywords. A codec may check the range of its value; the rules
// across keys are in check/check.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "balancer/base/error.h"
#include "balancer/base/net.h"
#include "config/config.h"

namespace pinion::config {

// Why a text cannot be read: a hint beyond what was expected, or "".
struct Misread {
  std::string hint;
};

// The type of a scalar in JSON.
enum class JsonType { kText, kInteger, kIntegerOrText, kBoolean };

// The part of a codec that does not depend on the type of its values.
struct Syntax {
  std::string_view expected;     // "an integer from 0 to 65535"; "" where there are words.
  std::string_view placeholder;  // "PORT", as help shows the value; "" where no option has it.
  JsonType json = JsonType::kText;
  std::span<const std::string_view> words = {};  // The keywords, if it is one of a few.
  // Whether the value is text even if it looks like a number or a boolean: YAML then needs quotes.
  bool text = false;
  // Returns nothing if the text can be read.
  std::optional<Misread> (*refuse)(std::string_view text) = nullptr;
};

// "an integer from 0 to 65535", "one of tcp, udp, sctp".
std::string expected_by(const Syntax& syntax);

template <typename V>
struct Codec : Syntax {
  Result<V, Misread> (*parse)(std::string_view text);
  std::string (*format)(const V& value);
};

extern const Codec<std::string> kText;
extern const Codec<std::string> kName;  // Text that is not empty.
// The same; the model has the list of schedulers (see Vocabulary).
extern const Codec<std::string> kScheduler;
extern const Codec<XdpMode> kXdpMode;
extern const Codec<OnStop> kOnStop;
extern const Codec<Forward> kForward;
extern const Codec<Return> kReturn;
extern const Codec<std::optional<Forward>> kServerForward;
extern const Codec<Protocol> kProtocol;
extern const Codec<TunnelType> kTunnelType;
extern const Codec<std::optional<TunnelType>> kServerTunnelType;
extern const Codec<ClientAddress> kClientAddress;
extern const Codec<std::optional<ClientAddress>> kServerClientAddress;
extern const Codec<uint32_t> kMss;
extern const Codec<bool> kTruth;
extern const Codec<std::optional<bool>> kServerTruth;

extern const Codec<uint64_t> kSize;   // "1M" is 2^20.
extern const Codec<uint32_t> kCount;  // The same in 32 bits.
extern const Codec<std::chrono::milliseconds> kTime;
extern const Codec<uint32_t> kFileMode;  // Octal, however it is quoted.
extern const Codec<uint32_t> kWeight;
extern const Codec<uint32_t> kMetric;
extern const Codec<Port> kPort;
extern const Codec<Ports> kPorts;
extern const Codec<std::optional<Port>> kServerPort;

extern const Codec<Address> kAddress;
extern const Codec<std::optional<Address>> kGateway;
extern const Codec<Prefix> kPrefix;
extern const Codec<Prefix> kVip;  // Written without a length for a single host.
extern const Codec<std::optional<Prefix>> kSource;

}  // namespace pinion::config
