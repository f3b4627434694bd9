// SPDX-License-Identifier: Apache-2.0
// Where the data plane lives on without the daemon: /sys/fs/bpf/pinion/<instance>/.
#pragma once

#include <string>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/base/fd.h"

namespace pinion {

class Pins {
 public:
  // Mounts bpffs where it is not, makes the directory, and locks it: a second daemon of the same
  // instance is refused for as long as this one lives. Where nothing is pinned in the end, the
  // directory goes with it.
  static Result<Pins> open(const std::string& instance);
  Pins(Pins&&) noexcept = default;
  ~Pins();

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  const std::string& directory() const { return directory_; }

  // The descriptor of what is pinned there; nothing (an Fd of -1) where nothing is.
  Result<Fd> get(const std::string& name) const;
  Result<> put(const std::string& name, int fd) const;
  // In one step; what was pinned as `to` no longer is.
  Result<> rename(const std::string& from, const std::string& to) const;
  void remove(const std::string& name) const;
  // All that begins with `prefix`; "" removes everything.
  void remove_all(const std::string& prefix) const;
  // Every pinned name that begins with `prefix`.
  std::vector<std::string> names(const std::string& prefix) const;

  // Every other that runs in this file system, or has left a data plane in place.
  std::vector<std::string> other_instances() const;

 private:
  Pins() = default;

  std::string directory_;
  Fd lock_;
};

}  // namespace pinion
