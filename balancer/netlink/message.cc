// SPDX-License-Identifier: Apache-2.0
#include "balancer/netlink/message.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>

namespace pinion {
namespace {

// Of an attribute that may be longer than T, never shorter.
template <typename T>
std::optional<T> read(const nlattr& attribute) {
  if (mnl_attr_get_payload_len(&attribute) < sizeof(T)) return {};
  T value;
  std::memcpy(&value, mnl_attr_get_payload(&attribute), sizeof(T));
  return value;
}

}  // namespace

Message::Message(uint16_t type, uint16_t flags) {
  nlmsghdr* header = mnl_nlmsg_put_header(bytes_.data());
  header->nlmsg_type = type;
  header->nlmsg_flags = flags;
}

void Message::put(uint16_t type, const void* data, size_t size) {
  if (!mnl_attr_put_check(header(), bytes_.size(), type, size, data))
    throw std::length_error("a netlink request has outgrown its buffer");
}

void Message::put(uint16_t type, const Address& address) {
  const size_t skip = address.is_v4() ? 12 : 0;
  put(type, address.bytes().data() + skip, address.bytes().size() - skip);
}

void Message::put(uint16_t type, const Mac& mac) { put(type, mac.bytes.data(), mac.bytes.size()); }

void Message::put_text(uint16_t type, const std::string& text) {
  put(type, text.c_str(), text.size() + 1);
}

std::optional<uint8_t> read_u8(const nlattr& attribute) { return read<uint8_t>(attribute); }

std::optional<uint16_t> read_u16(const nlattr& attribute) { return read<uint16_t>(attribute); }

std::optional<uint32_t> read_u32(const nlattr& attribute) { return read<uint32_t>(attribute); }

std::optional<Mac> read_mac(const nlattr& attribute) {
  if (mnl_attr_get_payload_len(&attribute) != sizeof(Mac::bytes)) return {};
  return read<Mac>(attribute);
}

std::optional<Address> read_address(const nlattr& attribute, int family) {
  if (family == AF_INET) {
    const auto v4 = read<__be32>(attribute);
    return v4 ? std::optional(Address::from_v4(*v4)) : std::nullopt;
  }
  if (family != AF_INET6) return {};
  const auto v6 = read<std::array<uint8_t, 16>>(attribute);
  return v6 ? std::optional(Address::from_v6(*v6)) : std::nullopt;
}

std::string read_text(const nlattr& attribute) {
  const std::string_view text(static_cast<const char*>(mnl_attr_get_payload(&attribute)),
                              mnl_attr_get_payload_len(&attribute));
  return std::string(text.substr(0, text.find('\0')));
}

}  // namespace pinion
