// SPDX-License-Identifier: Apache-2.0
// The XDP program and its maps: made anew, or those of the daemon before, which have forwarded in
// between.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "balancer/base/error.h"
#include "balancer/base/fd.h"
#include "balancer/dataplane/clock.h"
#include "balancer/dataplane/constants.h"
#include "balancer/dataplane/map.h"
#include "balancer/dataplane/pins.h"
#include "balancer/model/features.h"
#include "config/config.h"

struct pinion_bpf;

namespace pinion {

// Pages of the connection tables: two places for each connection of capacity, so that at capacity
// half of them are free, and about 1 insert in 5,000 finds both its buckets full.
uint32_t groups4(const config::Connections& connections);
uint32_t groups6(const config::Connections& connections);

// Entries of map `verdicts`.
uint32_t possible_cpus();

// Entries of map `counters`.
uint32_t counters_of_all_cpus(const config::Limits& limits);

class Program {
 public:
  // Adopts the maps pinned by a daemon of the same layout and sizes; where there are none, makes
  // them. Fails with a sentence that names the key, or the remedy, where what is pinned
  // is of another layout or size: nothing is touched then.
  // Its code is for these features.
  static Result<Program> load(const Pins& pins, const config::Director& director,
                              const Features& features);

  // Makes it a program on the same maps whose code is for these features too; fd() is another one
  // then, for whoever has attached the old one. Where that fails the old one stays.
  Result<> extend(const Features& features);
  const Features& features() const { return features_; }

  // Pins maps that were made. To be called when `settings` has been filled in: whoever finds its
  // pin finds it complete.
  Result<> pin(const Pins& pins) const;

  // Removes every pin: the maps go with the last program that uses them.
  static void unpin(const Pins& pins);

  bool adopted() const { return adopted_; }
  // That of the tables.
  const Clock& clock() const { return clock_; }
  const Constants& constants() const { return constants_; }
  int fd() const;
  int up_fd() const;  // Of one that leaves all to the stack.
  // A descriptor of its own to a map; the name is one of balancer/bpf/maps.h.
  Result<Fd> map(const std::string& name) const;
  // The memory of a mappable array of `size` elements.
  template <typename Value>
  Result<> map_into(MappedArray<Value>& array, const std::string& name, uint32_t size) const {
    auto fd = map(name);
    if (!fd) return fd.error();
    auto mapped = MappedArray<Value>::map(fd->get(), size, name);
    if (!mapped) return mapped.error();
    array = std::move(*mapped);
    return {};
  }
  // A HashMap or a PerCpuArray.
  template <typename Map>
  Result<> open_into(Map& opened, const std::string& name) const {
    auto fd = map(name);
    if (!fd) return fd.error();
    opened = Map(std::move(*fd), name);
    return {};
  }

 private:
  struct Close {
    void operator()(pinion_bpf* object) const;
  };

  // Loads an object for these features, and takes it; `prepare` gives it its maps.
  Result<> make(const std::function<Result<>(pinion_bpf&)>& prepare, const Features& features);

  std::unique_ptr<pinion_bpf, Close> object_;
  bool adopted_ = false;
  Clock clock_;
  Constants constants_;
  Features features_;
};

}  // namespace pinion
