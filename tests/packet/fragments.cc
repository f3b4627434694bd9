// SPDX-License-Identifier: Apache-2.0
#include "tests/packet/fragments.h"

#include <algorithm>
#include <cstddef>

namespace pinion::packet {
namespace {

constexpr size_t kEthernet = 14;

void patch16(Bytes& bytes, size_t at, size_t value) {
  bytes.at(at) = static_cast<uint8_t>(value >> 8);
  bytes.at(at + 1) = static_cast<uint8_t>(value);
}

Bytes part(const Bytes& bytes, size_t from, size_t to) {
  return {bytes.begin() + static_cast<ptrdiff_t>(from), bytes.begin() + static_cast<ptrdiff_t>(to)};
}

Bytes ipv4(const Bytes& frame, size_t offset, size_t size, bool more) {
  const size_t header = kEthernet + 20;
  Bytes out = part(frame, 0, header);
  patch16(out, kEthernet + 2, 20 + size);
  patch16(out, kEthernet + 6, offset / 8 | (more ? 0x2000 : 0));
  patch16(out, kEthernet + 10, 0);
  patch16(out, kEthernet + 10, internet_checksum(part(out, kEthernet, header)));
  const Bytes payload = part(frame, header + offset, header + offset + size);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

Bytes ipv6(const Bytes& frame, size_t offset, size_t size, bool more, uint32_t id) {
  const size_t header = kEthernet + 40;
  Bytes out = part(frame, 0, header);
  patch16(out, kEthernet + 4, 8 + size);
  Bytes fragment = {out[kEthernet + 6], 0, 0, 0, 0, 0, 0, 0};
  out[kEthernet + 6] = 44;
  patch16(fragment, 2, offset | more);
  patch16(fragment, 4, id >> 16);
  patch16(fragment, 6, id);
  out.insert(out.end(), fragment.begin(), fragment.end());
  const Bytes payload = part(frame, header + offset, header + offset + size);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

}  // namespace

std::vector<Bytes> fragments_of(const Bytes& frame, size_t size, uint32_t id) {
  const bool v6 = frame[kEthernet] >> 4 == 6;
  const size_t payload = frame.size() - kEthernet - (v6 ? 40 : 20);
  std::vector<Bytes> all;
  for (size_t at = 0; at < payload; at += size) {
    const size_t now = std::min(size, payload - at);
    const bool more = at + now < payload;
    all.push_back(v6 ? ipv6(frame, at, now, more, id) : ipv4(frame, at, now, more));
  }
  return all;
}

uint16_t id_of(const Bytes& frame) {
  return static_cast<uint16_t>(frame.at(kEthernet + 4) << 8 | frame.at(kEthernet + 5));
}

}  // namespace pinion::packet
