// SPDX-License-Identifier: Apache-2.0
#include "balancer/director/config_file.h"

#include <unistd.h>

#include "balancer/model/schedulers.h"
#include "config/yaml/save.h"

namespace pinion {

const config::Vocabulary& vocabulary() {
  static const config::Vocabulary words = [] {
    config::Vocabulary made;
    for (const Scheduler& scheduler : schedulers()) made.schedulers.push_back(scheduler.keyword);
    return made;
  }();
  return words;
}

Result<Config> ConfigFile::read_good() const {
  config::Loaded now = read();
  if (!now.ok()) return refusal(now.errors());
  return std::move(now.config);
}

// If the file has been deleted, there is nothing to overwrite. If only its layout differs, or it
// says what is live anyway, nothing is lost.
std::string ConfigFile::edited(const Config& live) const {
  if (access(path_.c_str(), F_OK) != 0) return "";
  const auto now = read_good();
  if (!now) return "was edited since it was loaded, and is not good: " + now.error().message();
  if (*now == loaded_ || *now == live) return "";
  const auto differences = config::diff(loaded_, *now);
  return "was edited since it was loaded: " + differences.front().path +
         (differences.size() == 1 ? ""
                                  : " and " + std::to_string(differences.size() - 1) + " more");
}

Result<> ConfigFile::save(const Config& live) {
  if (auto saved = config::save_file(path_, live); !saved) return saved;
  loaded_ = live;
  return {};
}

}  // namespace pinion
