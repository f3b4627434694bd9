// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "tests/bench/bpf/plan.h"

namespace pinion::bench {

constexpr uint8_t kAck = 0x10;
constexpr uint8_t kSyn = 0x02;

// A TCP segment without payload to BENCH_PORT; the driver fills in the flow.
bench_template make_template(bool is_v6, uint8_t tcp_flags);

// Are the checksums of the IP and the TCP header right, and what the frame has grown by an IPv4
// header with a right one, and whatever follows it?
bool checksums_hold(std::span<const uint8_t> frame, bool is_v6, size_t grown);

}  // namespace pinion::bench
