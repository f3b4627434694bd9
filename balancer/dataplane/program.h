// SPDX-License-Identifier: Apache-2.0
// The XDP program and its maps: made anew, or those of the daemon before, which have forwarded in
// between.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

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

struct Adoption;

class Program {
 public:
  // Adopts the maps that an earlier daemon has pinned; where there are none, makes them. What of
  // them has another layout is migrated or made anew (adoption.h), and replaced by pin(). Fails
  // with a sentence that names the key, or the remedy, where that cannot be: nothing is touched
  // then. Its code is for these features.
  static Result<Program> load(const Pins& pins, const config::Director& director,
                              const Features& features);

  // Makes it a program on the same maps whose code is for these features too; fd() is another one
  // then, for whoever has attached the old one. Where that fails the old one stays.
  Result<> extend(const Features& features);
  const Features& features() const { return features_; }

  // Pins the maps that were made (staging.h), before any interface runs the program. To be called
  // when they have been filled in: whoever finds the pin of `settings` finds all complete.
  Result<> pin(const Pins& pins);

  // Removes every pin: the maps go with the last program that uses them.
  static void unpin(const Pins& pins);

  bool adopted() const { return adopted_; }
  // It was adopted, and pin() is still to replace maps that were made anew.
  bool upgrades() const { return adopted_ && !made_.empty(); }
  // The map in place that one was made anew for, if it can be read: of `services`, and their like,
  // until pin() has replaced it; of `load` until forget_former().
  const Fd& former(const std::string& name) const;
  // The former `load` is not needed any more.
  void forget_former(const Pins& pins);
  // That of the tables.
  const Clock& clock() const { return clock_; }
  const Constants& constants() const { return constants_; }
  int fd() const;
  int up_fd() const;  // Of one that leaves all to the stack.
  // A descriptor of its own to a map; the name is one of balancer/bpf/abi/maps.h.
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

  void take(Adoption adoption);

  std::unique_ptr<pinion_bpf, Close> object_;
  bool adopted_ = false;
  Clock clock_;
  Constants constants_;
  std::vector<std::string> made_;     // Maps that pin() has to pin, `settings` last.
  std::map<std::string, Fd> former_;  // As adoption.h has it.
  Features features_;
};

}  // namespace pinion
