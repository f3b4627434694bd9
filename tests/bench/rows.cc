// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/rows.h"

#include <linux/bpf.h>

#include "tests/bench/frames.h"

namespace pinion::bench {
namespace {

constexpr uint64_t kNeverSeen = uint64_t{1} << 32;  // Above all flows that are in a table.

// 1000 -> "1k".
std::string short_form(uint32_t number) {
  if (number % 1'000'000 == 0) return std::to_string(number / 1'000'000) + "M";
  if (number % 1000 == 0) return std::to_string(number / 1000) + "k";
  return std::to_string(number);
}

bench_plan plan_of(uint32_t program, const Setup& setup, uint8_t tcp_flags) {
  bench_plan plan{};
  plan.flows = setup.flows;
  plan.pick = BENCH_RANDOM;
  plan.services = setup.services;
  plan.vips = BENCH_VIPS;
  plan.program = program;
  plan.is_v6 = setup.is_v6;
  plan.frame = make_template(setup.is_v6, tcp_flags);
  return plan;
}

class Maker {
 public:
  Maker(Driver& driver, const Sizes& sizes)
      : driver_(driver),
        sizes_(sizes),
        a_small_("A " + short_form(sizes.small)),
        a_large_("A " + short_form(sizes.large)) {}

  Bench make() && {
    for (const uint32_t flows : {sizes_.small, sizes_.large, sizes_.huge}) add_floors(flows);
    add_known();
    add_many();
    add_new();
    add_methods();
    return std::move(bench_);
  }

 private:
  void add_floors(uint32_t flows) {
    const Floor& floor = *bench_.floors.emplace_back(std::make_unique<Floor>(flows));
    for (const auto& [name, fd] : {std::pair("A ", floor.program_a()), {"B ", floor.program_b()}}) {
      Row row{.name = name + short_form(flows), .action = XDP_TX};
      row.plan = plan_of(driver_.add(fd), {.flows = flows}, kAck);
      bench_.rows.push_back(row);
    }
  }

  // A row on the instance that was loaded last.
  Row& add(const std::string& name, pinion_verdict verdict, std::optional<Budget> budget) {
    Row row{.name = name, .action = XDP_TX, .verdict = verdict, .budget = std::move(budget)};
    row.instance = bench_.instances.back().get();
    row.plan = plan_of(program_, setup_, kAck);
    return bench_.rows.emplace_back(std::move(row));
  }

  void load(const Setup& setup) {
    setup_ = setup;
    bench_.instances.push_back(std::make_unique<Instance>(setup));
    program_ = driver_.add(bench_.instances.back()->program());
  }

  // Established connections; and what is not for a VIP, while they are in memory.
  void add_known() {
    load({.capacity = sizes_.small, .flows = sizes_.small});
    add("known, one flow", PINION_FORWARD_KNOWN, {}).plan.pick = BENCH_FIXED;
    known_small_ =
        add("known " + short_form(sizes_.small), PINION_FORWARD_KNOWN, Budget{a_small_, 1.3}).name;

    load({.capacity = sizes_.large, .flows = sizes_.large});
    known_large_ =
        add("known " + short_form(sizes_.large), PINION_FORWARD_KNOWN, Budget{a_large_, 0.65}).name;
    for (const uint32_t flows : {sizes_.small, sizes_.large}) add_stranger(flows);

    load({.capacity = sizes_.huge, .flows = sizes_.huge});
    add("known " + short_form(sizes_.huge), PINION_FORWARD_KNOWN,
        Budget{"A " + short_form(sizes_.huge), 0.65});

    // A page has 64 entries. At capacity, 1 draw of the hash's coefficients in 30 has a page that
    // more flows fall into.
    load({.is_v6 = true, .capacity = sizes_.large / 16 * 17, .flows = sizes_.large});
    add("known IPv6 " + short_form(sizes_.large), PINION_FORWARD_KNOWN, Budget{a_large_, 0.8});
  }

  void add_stranger(uint32_t flows) {
    Row& row = add("not for a VIP, " + short_form(flows) + " flows", PINION_PASS_NOT_OURS,
                   Budget{a_small_, 1.2});
    row.action = XDP_PASS;
    row.plan.vips = BENCH_STRANGER;
    row.plan.flows = flows;
  }

  // Many services cost what one does. Of many real servers, a packet reads its own one's entry and
  // counters from memory, however they are laid out: both at once, for the price of one line.
  void add_many() {
    load({.capacity = sizes_.large, .flows = sizes_.large, .services = sizes_.many});
    add("known, " + short_form(sizes_.many) + " services", PINION_FORWARD_KNOWN,
        Budget{known_large_, 1.1});
    load({.capacity = sizes_.large, .flows = sizes_.large, .servers = sizes_.many});
    add("known, " + short_form(sizes_.many) + " servers", PINION_FORWARD_KNOWN,
        Budget{a_large_, 0.7});
  }

  void add_new() {
    add_syn("new, room", {.capacity = sizes_.large, .flows = sizes_.large / 4}, PINION_FORWARD_NEW,
            0.7);
    add_syn("new, full of half-open", {.capacity = sizes_.large, .fill = Fill::kFullHalfOpen},
            PINION_FORWARD_NEW, 1.0);
    add_syn("new, full of established", {.capacity = sizes_.large, .fill = Fill::kFullEstablished},
            PINION_FORWARD_TABLE_FULL, 1.0);
  }

  void add_syn(const std::string& name, const Setup& setup, pinion_verdict verdict, double factor) {
    load(setup);
    Row& row = add(name, verdict, Budget{a_large_, factor});
    row.plan.frame = make_template(setup.is_v6, kSyn);
    row.plan.pick = BENCH_SEQUENTIAL;
    row.fresh = kNeverSeen;
    row.sweeps = setup.fill == Fill::kFlows;
  }

  // What the other methods cost beyond direct routing.
  void add_methods() {
    for (const uint32_t flows : {sizes_.small, sizes_.large}) add_nat(flows);
    add_full_nat();
    add_tunnel("IPIP", PINION_TUNNEL_IPIP, 20, 0.55);
    add_tunnel("GUE", PINION_TUNNEL_GUE, 32, {});
  }

  // Both halves of a connection stand in the table, and one of them is read for the other.
  void add_nat(uint32_t flows) {
    load({.capacity = 4 * flows,  // Room enough that each half finds a place.
          .fill = Fill::kByPackets,
          .flows = flows,
          .servers = 1,
          .method = PINION_METHOD_NAT});
    converse();
    std::optional<Budget> budget;
    if (flows == sizes_.small) budget = Budget{a_small_, 0.8, known_small_};
    add("NAT, " + short_form(flows), PINION_FORWARD_KNOWN, budget);
    add("NAT, replies, " + short_form(flows), PINION_FORWARD_REPLY, budget).plan.sender =
        BENCH_SERVER;
  }

  void add_full_nat() {
    load({.capacity = 2 * sizes_.small,
          .fill = Fill::kByPackets,
          .flows = sizes_.small,
          .servers = 1,
          .method = PINION_METHOD_FULLNAT});
    converse();
    driver_.set_local_ends(bench_.instances.back()->local_ends(setup_));
    add("full NAT, " + short_form(sizes_.small), PINION_FORWARD_KNOWN, {});
    add("full NAT, replies, " + short_form(sizes_.small), PINION_FORWARD_REPLY, {}).plan.sender =
        BENCH_SERVER_TO_LOCAL;
  }

  void add_tunnel(const std::string& name, pinion_tunnel tunnel, int32_t grown,
                  std::optional<double> factor) {
    load({.capacity = sizes_.small,
          .flows = sizes_.small,
          .method = PINION_METHOD_TUN,
          .tunnel = tunnel});
    std::optional<Budget> budget;
    if (factor) budget = Budget{a_small_, *factor, known_small_};
    add(name + ", " + short_form(sizes_.small), PINION_FORWARD_KNOWN, budget).plan.grown = grown;
  }

  // Makes the connections of the instance that was loaded last, as their clients do.
  void converse() {
    for (const uint8_t flags : {kSyn, kAck}) {
      bench_plan plan = plan_of(program_, setup_, flags);
      plan.pick = BENCH_SEQUENTIAL;
      driver_.run(plan, setup_.flows);
    }
  }

  Driver& driver_;
  const Sizes sizes_;
  const std::string a_small_, a_large_;
  std::string known_small_, known_large_;
  Bench bench_;
  Setup setup_;
  uint32_t program_ = 0;
};

}  // namespace

Bench make_bench(Driver& driver, const Sizes& sizes) { return Maker(driver, sizes).make(); }

}  // namespace pinion::bench
