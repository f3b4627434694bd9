// SPDX-License-Identifier: Apache-2.0
// The parts of check(), one for each subject.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "config/check/check.h"

namespace pinion::config {

class Findings {
 public:
  void error(std::string path, std::string what) {
    problems_.push_back({{}, std::move(path), std::move(what), false});
  }
  void warning(std::string path, std::string what) {
    problems_.push_back({{}, std::move(path), std::move(what), true});
  }
  std::vector<Problem> take() { return std::move(problems_); }

 private:
  std::vector<Problem> problems_;
};

void check_director(const Director& director, Findings& findings);
void check_vips(const std::vector<Vip>& vips, Findings& findings);
void check_local_addresses(const Config& config, Findings& findings);
void check_host_routes(const std::vector<HostRoute>& routes, Findings& findings);
// The addresses of "vips".
class KeptVips {
 public:
  explicit KeptVips(const std::vector<Vip>& vips);

  bool has(const Prefix& vip) const;  // All of its addresses.
  // The prefix of "vips" that contains all of `inner`, or nullptr.
  const Prefix* prefix_around(const Prefix& inner) const;

 private:
  std::unordered_set<Address> hosts_;
  std::vector<Prefix> prefixes_;
};

// listeners.cc: the listeners of one service, and all of them against each other.
void check_listeners(const Config& config, size_t service, const KeptVips& kept,
                     Findings& findings);
void check_unique_listeners(const Config& config, Findings& findings);
// client_address.cc: one service, with its path in the file.
void check_client_address(const Service& service, const std::string& path, Findings& findings);
// mss.cc: likewise.
void check_mss(const Service& service, const std::string& path, Findings& findings);
void check_services(const Config& config, const Vocabulary& vocabulary, Findings& findings);

// Why the kernel does not accept `name` as an interface's name; "" if it does.
std::string_view interface_name_fault(std::string_view name);

// What is wrong with a prefix that has bits set beyond its length; "" if it has none.
std::string host_bits_fault(const Prefix& prefix);

// Why `address` cannot belong to a host on the network; "" if it can.
std::string_view host_address_fault(const Address& address);

// "services[2]" + ".vip". Called only for problems: it costs more than the checks.
inline std::string element_path(std::string_view list, size_t index, std::string_view rest = {}) {
  return std::string(list) + "[" + std::to_string(index) + "]" + std::string(rest);
}

}  // namespace pinion::config
