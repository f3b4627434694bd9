// SPDX-License-Identifier: Apache-2.0
// ARP (RFC 826, RFC 5227) and neighbour discovery (RFC 4861) as whole Ethernet frames: pure
// functions, bytes in and out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "balancer/base/net.h"

namespace pinion {

using Frame = std::vector<uint8_t>;

// Who asks. Without an address the question is a probe: it leaves no trace in the caches of those
// that hear it, and is what duplicate address detection sends.
struct Asker {
  Mac mac;
  std::optional<Address> address;  // Of the family that is asked for.
  bool operator==(const Asker&) const = default;
};

// "Who has `target`?" to everybody, or to one host whose MAC address is known.
Frame ask(const Asker& asker, const Address& target, const std::optional<Mac>& to = {});

// "I have `address`", to everybody. Of IPv4, hosts heed one or the other form: send both.
enum class ArpForm : uint8_t { kRequest = 1, kReply = 2 };  // The ARP operation.
Frame gratuitous_arp(const Mac& mac, const Address& address, ArpForm form);
Frame unsolicited_advertisement(const Mac& mac, const Address& address);

// What a frame says about an address.
struct Claim {
  Address address;
  Mac mac;              // Who has it, or (probe) wants it.
  bool answer = false;  // An ARP reply or a neighbour advertisement.
  bool probe = false;   // Somebody else's duplicate address detection.
  bool operator==(const Claim&) const = default;
};

// Nothing, where the frame is neither ARP nor neighbour discovery, is cut short, or breaks a rule
// of the RFCs (hop limit, checksum).
std::optional<Claim> read_claim(std::span<const uint8_t> frame);

}  // namespace pinion
