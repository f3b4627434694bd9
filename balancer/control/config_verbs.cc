// SPDX-License-Identifier: Apache-2.0
#include "balancer/control/apply.h"
#include "balancer/control/handlers.h"
#include "config/yaml/save.h"

namespace pinion::control {

Answer config_show(Operator& op, Arguments) {
  co_return to_text({{"yaml", config::to_yaml(op.live())}, {"config", to_json(op.live())}});
}

Answer config_diff(Operator& op, Arguments) {
  const auto file = op.file();
  if (!file) co_return refused(file.error());
  const auto differences = config::diff(*file, op.live());
  co_return to_text({{"config_file", op.snapshot().config_file},
                     {"differs", !differences.empty()},
                     {"differences", to_json(differences)}});
}

Answer config_save(Operator& op, Arguments arguments) {
  if (const std::string how = op.edited(); !how.empty() && !arguments.flag("force"))
    co_return Refusal{409, op.snapshot().config_file + " " + how,
                      "make it live with 'reload', or overwrite it with 'config save --force'; "
                      "'config diff' shows how it differs"};
  if (auto saved = op.save(); !saved) co_return refused(saved.error());
  const std::string file = op.snapshot().config_file;
  Json json = done("wrote what is live into " + file);
  json["config_file"] = file;
  co_return to_text(json);
}

Answer reload(Operator& op, Arguments) {
  const Config before = op.live();
  const auto reloaded = op.reload();
  if (!reloaded) co_return refused(reloaded.error());
  const size_t changes = config::diff(before, op.live()).size();
  const std::string file = op.snapshot().config_file;
  Json json = done("reloaded " + file + ": " + counted(changes, "change"));
  json["config_file"] = file;
  json["changes"] = changes;
  co_return with_warnings(json, *reloaded);
}

}  // namespace pinion::control
