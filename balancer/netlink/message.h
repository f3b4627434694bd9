// SPDX-License-Identifier: Apache-2.0
// One rtnetlink message: built here, and read here. What is read comes from outside the process:
// every reader checks the length that the attribute says before it looks at the bytes.
#pragma once

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>

#include "balancer/base/net.h"

namespace pinion {

// A request under construction: a type, the header of its family (T, zeroed) and attributes. It
// has room for every request that this library makes; exceeding it is a bug, and throws.
class Message {
 public:
  template <typename T>
  static Message with(uint16_t type, uint16_t flags, const T& header) {
    Message message(type, flags);
    void* extra = mnl_nlmsg_put_extra_header(message.header(), sizeof(T));
    std::memcpy(extra, &header, sizeof(T));
    return message;
  }

  nlmsghdr* header() { return reinterpret_cast<nlmsghdr*>(bytes_.data()); }

  void put(uint16_t type, const void* data, size_t size);
  void put(uint16_t type, const Address& address);  // 4 or 16 bytes.
  void put(uint16_t type, const Mac& mac);
  void put_u8(uint16_t type, uint8_t value) { put(type, &value, sizeof(value)); }
  void put_u32(uint16_t type, uint32_t value) { put(type, &value, sizeof(value)); }
  void put_text(uint16_t type, const std::string& text);  // With its final 0.

 private:
  Message(uint16_t type, uint16_t flags);

  alignas(nlmsghdr) std::array<char, 512> bytes_{};
};

// Every whole message of a datagram. (mnl_nlmsg_ok takes a length of 2^31 and more for a small
// one.)
template <typename Visit>
void for_each_message(std::span<const char> datagram, Visit visit) {
  while (datagram.size() >= sizeof(nlmsghdr)) {
    const auto* message = reinterpret_cast<const nlmsghdr*>(datagram.data());
    const size_t size = message->nlmsg_len;
    if (size < sizeof(nlmsghdr) || size > datagram.size()) return;
    visit(*message);
    datagram = datagram.subspan(std::min<size_t>(NLMSG_ALIGN(size), datagram.size()));
  }
}

// The family header of a message of this length, or nullptr where it is cut short.
template <typename T>
const T* family_header(const nlmsghdr& message) {
  if (message.nlmsg_len < MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(T))) return nullptr;
  return static_cast<const T*>(mnl_nlmsg_get_payload(&message));
}

// mnl_attr_for_each does not compile as C++. `size` is that of the family header.
template <typename Visit>
void for_each_attribute(const nlmsghdr& message, size_t size, Visit visit) {
  if (message.nlmsg_len < MNL_NLMSG_HDRLEN + MNL_ALIGN(size)) return;
  const char* end = reinterpret_cast<const char*>(&message) + message.nlmsg_len;
  auto* attribute = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(&message, size));
  while (mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)))) {
    visit(*attribute);
    attribute = mnl_attr_next(attribute);
  }
}

template <typename Visit>
void for_each_nested(const nlattr& nest, Visit visit) {
  auto* attribute = static_cast<const nlattr*>(mnl_attr_get_payload(&nest));
  const char* end = reinterpret_cast<const char*>(attribute) + mnl_attr_get_payload_len(&nest);
  while (mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)))) {
    visit(*attribute);
    attribute = mnl_attr_next(attribute);
  }
}

// Nothing, where the attribute is shorter than what it should hold.
std::optional<uint8_t> read_u8(const nlattr& attribute);
std::optional<uint16_t> read_u16(const nlattr& attribute);
std::optional<uint32_t> read_u32(const nlattr& attribute);
std::optional<Mac> read_mac(const nlattr& attribute);  // Exactly 6 bytes.
std::optional<Address> read_address(const nlattr& attribute, int family);
std::string read_text(const nlattr& attribute);  // Up to the first 0, or to the end.

}  // namespace pinion
