// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "balancer/base/error.h"
#include "config/config.h"
#include "config/yaml/load.h"

namespace pinion {

// The keywords that configurations may use, from the tables of this build.
const config::Vocabulary& vocabulary();

// The configuration file, and what it said when it was last loaded or saved.
class ConfigFile {
 public:
  ConfigFile(std::string path, Config loaded)
      : path_(std::move(path)), loaded_(std::move(loaded)) {}

  const std::string& path() const { return path_; }
  const Config& loaded() const { return loaded_; }

  // As it is on disk now, with every problem.
  config::Loaded read() const { return config::load_file(path_, vocabulary()); }
  // The same where it is good; else the error has a line for each problem.
  Result<Config> read_good() const;
  // How somebody has edited it since it was loaded or saved: "was edited ..."; "" if nobody has, or
  // if overwriting it with `live` loses nothing.
  std::string edited(const Config& live) const;

  // What read() returned has become live.
  void set_loaded(Config config) { loaded_ = std::move(config); }
  // Replaces the file atomically. On failure the old one is untouched.
  Result<> save(const Config& live);

 private:
  const std::string path_;
  Config loaded_;
};

}  // namespace pinion
