// SPDX-License-Identifier: Apache-2.0
// The data plane in the kernel, run on one packet at a time: loaded once, its maps written as the
// daemon writes them, and emptied before each test.
#pragma once

#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "balancer/bpf/abi/abi.h"
#include "tests/packet/object.h"
#include "tests/packet/packets.h"

namespace pinion::packet {

inline constexpr uint32_t kLoopback = 1;  // Packets come in here.

// Ticks.
inline constexpr uint32_t kSynTimeout = 30'000, kEstablishedTimeout = 900'000;
inline constexpr uint32_t kFinTimeout = 120'000, kClosedTimeout = 10'000, kUdpTimeout = 300'000;
inline constexpr uint32_t kTimeWaitTimeout = 60'000;
inline constexpr uint32_t kPeriod = 1 << 12;  // Of reply halves.

struct Ran {
  uint32_t action;  // XDP_*
  Bytes out;
};

// One packet through a program, in on `ifindex`.
Ran run_program(int program, const Bytes& in, uint32_t ifindex = kLoopback);

struct Server {
  uint32_t ifindex = kLoopback;
  bool accepts = true;
  bool resolved = true;
  uint8_t generation = 1;
  pinion_method method = PINION_METHOD_DR;
  std::string address = "";  // Where the method changes addresses.
  uint16_t port = 0;
  pinion_client_address client_address = PINION_CLIENT_NONE;
  uint16_t mss = 0;
};

struct Service {
  std::string address = "10.0.0.1";
  uint16_t port = 80;
  uint8_t protocol = kTcp;
  uint32_t index = 1;
  uint32_t slot_base = 0;
  std::vector<uint32_t> slots = {};  // Indices of real servers.
  pinion_selection selection = PINION_SELECT_TURN;
  // So many bits of the port count (a block of a range), or of the address (with port 0 any).
  std::optional<uint32_t> port_bits = {};
  std::optional<uint32_t> address_bits = {};
};

// An array's values start at multiples of 8 bytes, whatever their size.
struct Slot {
  uint32_t reference;
  uint32_t padding;
};

std::string next_hop_of(uint32_t server);
inline constexpr char kEgressMac[] = "02:00:00:00:00:cc";

// What a frame becomes that is forwarded to a real server.
Bytes towards(uint32_t server, Bytes in);

class Director {
 public:
  // Throws std::system_error; EPERM where CAP_BPF is missing.
  explicit Director(const Features& features = {}, const std::string& file = kObject);

  // Empties every map.
  void reset();

  void add_server(uint32_t index, const Server& server);
  void add_service(const Service& service);
  void remove_service(const Service& service);
  void allow_egress(uint32_t ifindex, uint32_t device);
  // Frames with these tags, each an EtherType and a VLAN, come in by that interface.
  using Tags = std::vector<std::pair<uint16_t, uint16_t>>;
  void add_entrance(const Tags& tags, const pinion_entrance& entrance);
  // All frames do that nothing else is said of.
  void add_any_entrance(const pinion_entrance& entrance);
  void add_vlan_device(uint32_t ifindex, uint32_t device, const Tags& tags);
  void set_cursor(uint32_t service, uint32_t slot);
  // The packets of this sender are looked at, as are those for a VIP.
  void look_at(const std::string& address);
  // Full NAT sends from these, at so many ports from 1024 on.
  void send_from(const std::vector<std::string>& addresses, uint32_t ports);
  pinion_local_addresses& local() { return *local_; }
  // The last reply was due then, on each CPU: pinion_replies.
  void pace_replies(uint64_t due);

  // What the data plane has handed out since the last time.
  std::vector<pinion_early_fragment> early_fragments();
  // What it remembers of first fragments.
  std::vector<std::pair<pinion_fragment_key, pinion_fragment>> fragments() const;
  void put_fragment(const pinion_fragment_key& key, const pinion_fragment& value);

  // One packet through the program, in on `ifindex`.
  Ran run(const Bytes& in, uint32_t ifindex = kLoopback) {
    return run_program(program_, in, ifindex);
  }

  // Since the last reset.
  std::array<uint64_t, PINION_VERDICT_COUNT> verdicts() const;
  uint64_t verdict(pinion_verdict one) const { return verdicts()[one]; }
  pinion_counters counters(uint32_t server) const;

  std::span<pinion_entry4> entries4() { return {entries4_, kGroups * PINION_GROUP4 * PINION_WAYS}; }
  std::span<pinion_entry6> entries6() { return {entries6_, kGroups * PINION_GROUP6 * PINION_WAYS}; }
  std::span<pinion_real_server> servers() { return {servers_, kServers}; }
  std::span<pinion_load> load() { return {load_, kServers}; }
  const pinion_settings& settings() const { return *settings_; }
  std::span<Slot> slots() { return {slots_, kSlots}; }

  // Every entry of both tables; all of them are no connection if `free`.
  void each_connection(const std::function<void(pinion_connection&)>& visit, bool free = false);

  // As if nothing had been heard of any connection for that long.
  void let_pass(uint32_t ticks);

 private:
  int map(const char* name) const;
  template <typename T>
  T* memory(const char* name, uint32_t count) const;
  template <typename T>
  void zero_per_cpu(const char* name, uint32_t count) const;
  template <typename Key>
  void empty(const char* name) const;
  template <typename Key, typename Value>
  void put(const char* name, const Key& key, const Value& value) const;

  struct CloseRing {
    void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
  };

  const std::array<__u64, 11> coefficients_;
  Object object_;
  std::unique_ptr<ring_buffer, CloseRing> ring_;
  std::vector<pinion_early_fragment> early_;
  int program_ = -1;
  pinion_settings* settings_ = nullptr;
  pinion_vip_filter vips_{};  // As written to the map.
  pinion_entry4* entries4_ = nullptr;
  pinion_entry6* entries6_ = nullptr;
  pinion_real_server* servers_ = nullptr;
  pinion_load* load_ = nullptr;
  pinion_local_addresses* local_ = nullptr;
  Slot* slots_ = nullptr;
  std::span<pinion_counters> counters_;  // Of all CPUs.
  std::span<pinion_verdict_counters> verdicts_;
};

// The tick now, on the data plane's clock.
uint32_t tick();

// A director with a TCP and a UDP service (10.0.0.1 and 2001:db8::1, ports 80 and 53), each with
// one real server of its own: 1 and 2, 3 and 4.
class WithDirector : public testing::Test {
 protected:
  static void SetUpTestSuite();
  void SetUp() override;
  void TearDown() override {
    if (first_) exchange(std::move(first_));
  }

  // The test goes on on another director, set up as this one was, and with nothing else in common.
  void fail_over() {
    first_ = exchange(std::make_unique<Director>(Features{.seed = 99}));
    SetUp();
  }

  // Runs the packet; expects that it is given this verdict, and left as it says.
  void expect(const Bytes& in, pinion_verdict verdict, const Bytes& out);
  void expect_forwarded(const Packet& packet, pinion_verdict verdict, uint32_t server) {
    const Bytes in = build(packet);
    expect(in, verdict, towards(server, in));
  }
  // The real server that a packet is forwarded to; 0 if to none.
  uint32_t server_of(const Packet& packet);

  // The only connection there is.
  pinion_connection& connection();
  // Counts the entries of each real server, and compares.
  void expect_exact_load();

  static Director& director() { return *director_; }
  // Another director, or none, instead of this one, until it is put back.
  static std::unique_ptr<Director> exchange(std::unique_ptr<Director> other) {
    return std::exchange(director_, std::move(other));
  }

 private:
  static std::unique_ptr<Director> director_;
  static std::string missing_;  // Why there is none.
  std::unique_ptr<Director> first_;
};

const char* name_of(pinion_verdict verdict);

}  // namespace pinion::packet
