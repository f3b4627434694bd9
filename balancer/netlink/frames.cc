// SPDX-License-Identifier: Apache-2.0
#include "balancer/netlink/frames.h"

#include <linux/if_ether.h>

#include <algorithm>
#include <initializer_list>

namespace pinion {
namespace {

constexpr size_t kEthernetSize = 14;
constexpr size_t kArpSize = 28;
constexpr size_t kIpv6Size = 40;
constexpr size_t kNdSize = 24;  // Of a solicitation or an advertisement, without options.
constexpr uint8_t kSolicitation = 135;
constexpr uint8_t kAdvertisement = 136;
constexpr uint8_t kSourceOption = 1;
constexpr uint8_t kTargetOption = 2;
constexpr uint8_t kOverride = 0x20;
constexpr Mac kBroadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

void append(Frame& frame, std::initializer_list<uint8_t> bytes) {
  frame.insert(frame.end(), bytes);
}

void append(Frame& frame, std::span<const uint8_t> bytes) {
  frame.insert(frame.end(), bytes.begin(), bytes.end());
}

std::span<const uint8_t> v4_bytes(const Address& address) {
  return std::span(address.bytes()).subspan(12);
}

uint16_t read16(std::span<const uint8_t> bytes, size_t offset) {
  return static_cast<uint16_t>(bytes[offset] << 8 | bytes[offset + 1]);
}

Mac mac_at(std::span<const uint8_t> bytes, size_t offset) {
  Mac mac;
  std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(offset), mac.bytes.size(), mac.bytes.begin());
  return mac;
}

Address v4_at(std::span<const uint8_t> bytes, size_t offset) {
  std::array<uint8_t, 16> mapped = Address::from_v4(0).bytes();
  std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(offset), 4, mapped.begin() + 12);
  return Address::from_v6(mapped);
}

Address v6_at(std::span<const uint8_t> bytes, size_t offset) {
  std::array<uint8_t, 16> address;
  std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(offset), address.size(), address.begin());
  return Address::from_v6(address);
}

Frame arp(const Mac& to, const Mac& from, ArpForm form, const Address& sender, const Mac& owner,
          const Address& target) {
  Frame frame;
  append(frame, to.bytes);
  append(frame, from.bytes);
  append(frame, {0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4, 0, static_cast<uint8_t>(form)});
  append(frame, from.bytes);
  append(frame, v4_bytes(sender));
  append(frame, owner.bytes);
  append(frame, v4_bytes(target));
  return frame;
}

// The sum of RFC 1071 over an ICMPv6 message and its pseudo-header (RFC 4443, 2.3); 0 where the
// checksum inside is right.
uint16_t icmpv6_checksum(const Address& from, const Address& to, std::span<const uint8_t> message) {
  uint32_t sum = static_cast<uint32_t>(message.size()) + IPPROTO_ICMPV6;
  for (const std::span<const uint8_t> part :
       {std::span<const uint8_t>(from.bytes()), std::span<const uint8_t>(to.bytes()), message}) {
    for (size_t i = 0; i + 1 < part.size(); i += 2) sum += read16(part, i);
    if (part.size() % 2 != 0) sum += static_cast<uint32_t>(part.back() << 8);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

struct Ipv6Ends {
  Mac from_mac, to_mac;
  Address from, to;
};

Frame icmpv6(const Ipv6Ends& ends, Frame message) {
  const uint16_t sum = icmpv6_checksum(ends.from, ends.to, message);
  message[2] = static_cast<uint8_t>(sum >> 8);
  message[3] = static_cast<uint8_t>(sum);
  Frame frame;
  append(frame, ends.to_mac.bytes);
  append(frame, ends.from_mac.bytes);
  append(frame,
         {0x86, 0xdd, 0x60, 0, 0, 0, 0, static_cast<uint8_t>(message.size()), IPPROTO_ICMPV6, 255});
  append(frame, ends.from.bytes());
  append(frame, ends.to.bytes());
  append(frame, message);
  return frame;
}

// ff02::1:ffXX:XXXX (RFC 4291, 2.7.1).
Address solicited_node(const Address& target) {
  std::array<uint8_t, 16> group = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
  std::copy(target.bytes().begin() + 13, target.bytes().end(), group.begin() + 13);
  return Address::from_v6(group);
}

// RFC 2464, 7.
Mac multicast_mac(const Address& group) {
  const auto& bytes = group.bytes();
  return {{0x33, 0x33, bytes[12], bytes[13], bytes[14], bytes[15]}};
}

Frame solicitation(const Asker& asker, const Address& target, const std::optional<Mac>& to) {
  const Address group = solicited_node(target);
  Frame message = {kSolicitation, 0, 0, 0, 0, 0, 0, 0};
  append(message, target.bytes());
  if (asker.address) {
    append(message, {kSourceOption, 1});
    append(message, asker.mac.bytes);
  }
  // A question from :: goes to the group (RFC 4861, 7.1.1), whatever the frame's destination.
  const Address destination = to && asker.address ? target : group;
  return icmpv6({asker.mac, to.value_or(multicast_mac(group)), asker.address.value_or(Address()),
                 destination},
                std::move(message));
}

std::optional<Claim> read_arp(std::span<const uint8_t> packet) {
  constexpr std::array<uint8_t, 7> kEthernetAndIpv4 = {0, 1, 0x08, 0x00, 6, 4, 0};
  if (packet.size() < kArpSize) return {};
  if (!std::equal(kEthernetAndIpv4.begin(), kEthernetAndIpv4.end(), packet.begin())) return {};
  const uint8_t operation = packet[7];
  if (operation != 1 && operation != 2) return {};
  const Address sender = v4_at(packet, 14);
  const bool probe = sender.is_unspecified();
  if (probe && operation == 2) return {};
  return Claim{probe ? v4_at(packet, 24) : sender, mac_at(packet, 8), operation == 2, probe};
}

// The MAC address in the option of this type, or nothing. False: the options are malformed.
bool read_option(std::span<const uint8_t> options, uint8_t type, std::optional<Mac>& mac) {
  while (!options.empty()) {
    if (options.size() < 8) return false;
    const size_t size = size_t{options[1]} * 8;
    if (size == 0 || size > options.size()) return false;
    if (options[0] == type && size == 8) mac = mac_at(options, 2);
    options = options.subspan(size);
  }
  return true;
}

std::optional<Claim> read_nd(std::span<const uint8_t> packet, const Mac& from_mac) {
  if (packet.size() < kIpv6Size + kNdSize || packet[0] >> 4 != 6) return {};
  const size_t size = read16(packet, 4);
  if (packet[6] != IPPROTO_ICMPV6 || packet[7] != 255) return {};
  if (size < kNdSize || size > packet.size() - kIpv6Size) return {};
  const auto message = packet.subspan(kIpv6Size, size);
  const bool answer = message[0] == kAdvertisement;
  if ((!answer && message[0] != kSolicitation) || message[1] != 0) return {};
  const Address from = v6_at(packet, 8);
  if (icmpv6_checksum(from, v6_at(packet, 24), message) != 0) return {};
  std::optional<Mac> mac;
  const uint8_t option = answer ? kTargetOption : kSourceOption;
  if (!read_option(message.subspan(kNdSize), option, mac)) return {};
  const Address target = v6_at(message, 8);
  const bool probe = !answer && from.is_unspecified();
  // A solicitation tells of the one that asks, an advertisement of its target. Without the option
  // the frame's own source speaks (an answer to a question that was sent to one host may omit it).
  return Claim{answer || probe ? target : from, mac.value_or(from_mac), answer, probe};
}

}  // namespace

Frame ask(const Asker& asker, const Address& target, const std::optional<Mac>& to) {
  if (!target.is_v4()) return solicitation(asker, target, to);
  return arp(to.value_or(kBroadcast), asker.mac, ArpForm::kRequest,
             asker.address.value_or(Address::from_v4(0)), Mac{}, target);
}

Frame gratuitous_arp(const Mac& mac, const Address& address, ArpForm form) {
  // RFC 5227 leaves the target's MAC address of a request 0; of a reply it is our own.
  const Mac owner = form == ArpForm::kReply ? mac : Mac{};
  return arp(kBroadcast, mac, form, address, owner, address);
}

Frame unsolicited_advertisement(const Mac& mac, const Address& address) {
  constexpr std::array<uint8_t, 16> kAllNodes = {0xff, 0x02, 0, 0, 0, 0, 0, 0,
                                                 0,    0,    0, 0, 0, 0, 0, 1};
  const Address group = Address::from_v6(kAllNodes);
  Frame message = {kAdvertisement, 0, 0, 0, kOverride, 0, 0, 0};
  append(message, address.bytes());
  append(message, {kTargetOption, 1});
  append(message, mac.bytes);
  return icmpv6({mac, multicast_mac(group), address, group}, std::move(message));
}

std::optional<Claim> read_claim(std::span<const uint8_t> frame) {
  if (frame.size() < kEthernetSize) return {};
  const uint16_t type = read16(frame, 12);
  const auto packet = frame.subspan(kEthernetSize);
  if (type == ETH_P_ARP) return read_arp(packet);
  if (type == ETH_P_IPV6) return read_nd(packet, mac_at(frame, 6));
  return {};
}

}  // namespace pinion
