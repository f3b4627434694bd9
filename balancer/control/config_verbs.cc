// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/apply.h"
#include "balancer/control/handlers.h"
#include "config/yaml/save.h"

namespace pinion::control {

Answer config_show(DirectorApi& director, Arguments) {
  co_return to_text(
      {{"yaml", config::to_yaml(director.live())}, {"config", to_json(director.live())}});
}

Answer config_diff(DirectorApi& director, Arguments) {
  const auto file = director.file();
  if (!file) co_return refused(file.error());
  const auto differences = config::diff(*file, director.live());
  co_return to_text({{"config_file", director.snapshot().config_file},
                     {"differs", !differences.empty()},
                     {"differences", to_json(differences)}});
}

Answer config_save(DirectorApi& director, Arguments arguments) {
  if (const std::string how = director.edited(); !how.empty() && !arguments.flag("force"))
    co_return Refusal{409, director.snapshot().config_file + " " + how,
                      "make it live with 'reload', or overwrite it with 'config save --force'; "
                      "'config diff' shows how it differs"};
  if (auto saved = director.save(); !saved) co_return refused(saved.error());
  const std::string file = director.snapshot().config_file;
  Json json = done("wrote the live configuration to " + file);
  json["config_file"] = file;
  co_return to_text(json);
}

Answer reload(DirectorApi& director, Arguments) {
  const Config before = director.live();
  const auto reloaded = director.reload();
  if (!reloaded) co_return refused(reloaded.error());
  const size_t changes = config::diff(before, director.live()).size();
  const std::string file = director.snapshot().config_file;
  Json json = done("reloaded " + file + ": " + counted(changes, "change"));
  json["config_file"] = file;
  json["changes"] = changes;
  co_return with_warnings(json, *reloaded);
}

}  // namespace pinion::control
