// SPDX-License-Identifier: Apache-2.0
// The forms that a scalar may have: what one is called, how it is read, how it is written. Units
// and keywords are known here and nowhere else. A form knows the range of its own value at most;
// rules across keys are check/check.h's.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "balancer/base/error.h"
#include "balancer/base/net.h"
#include "config/config.h"

namespace pinion::config {

// The text is not of the form. The hint says more than what was expected, where there is more.
struct Misread {
  std::string hint;
};

template <typename V>
struct Form {
  std::string_view expected;  // "an integer from 0 to 65535", as errors and the manual say it.
  Result<V, Misread> (*parse)(std::string_view text);
  std::string (*format)(const V& value);
  // Text, even where it looks like a number or a truth: YAML needs it quoted then.
  bool text = false;
};

extern const Form<std::string> kText;
extern const Form<std::string> kName;  // Text that is not empty.
extern const Form<XdpMode> kXdpMode;
extern const Form<OnStop> kOnStop;
extern const Form<Forward> kForward;
extern const Form<Return> kReturn;
extern const Form<std::optional<Forward>> kServerForward;
extern const Form<Protocol> kProtocol;
extern const Form<TunnelType> kTunnelType;
extern const Form<std::optional<TunnelType>> kServerTunnelType;
extern const Form<ClientAddress> kClientAddress;
extern const Form<std::optional<ClientAddress>> kServerClientAddress;
extern const Form<uint32_t> kMss;
extern const Form<bool> kTruth;
extern const Form<std::optional<bool>> kServerTruth;

extern const Form<uint64_t> kSize;   // "1M" is 2^20.
extern const Form<uint32_t> kCount;  // The same in 32 bits.
extern const Form<std::chrono::milliseconds> kTime;
extern const Form<uint32_t> kFileMode;  // Octal, however it is quoted.
extern const Form<uint32_t> kWeight;
extern const Form<uint32_t> kMetric;
extern const Form<Port> kPort;
extern const Form<Ports> kPorts;
extern const Form<std::optional<Port>> kServerPort;

extern const Form<Address> kAddress;
extern const Form<std::optional<Address>> kGateway;
extern const Form<Prefix> kPrefix;
extern const Form<Prefix> kVip;  // Of a single host the length is left out.
extern const Form<std::optional<Prefix>> kSource;

}  // namespace pinion::config
