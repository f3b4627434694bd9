// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/tree/rules.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <sstream>

namespace pinion::tree {
namespace {

constexpr size_t kMostLines = 400;
constexpr size_t kLicenceLines = 3;  // A script's comes after its "#!".

// A folder and how far up it stands. The longest one that a path begins with is the path's. Beside
// the folders of balancer/ there is main.cc, and no other file.
struct Folder {
  std::string_view path;
  int height;
};
constexpr Folder kFolders[] = {
    {"balancer/base/", 0},       {"balancer/bpf/", 0},     {"config/", 1},
    {"config/check/", 2},        {"config/yaml/", 3},      {"balancer/model/", 2},
    {"balancer/dataplane/", 3},  {"balancer/netlink/", 3}, {"balancer/health/", 3},
    {"balancer/interfaces/", 4}, {"balancer/control/", 4}, {"balancer/metrics/", 4},
    {"balancer/director/", 5},   {"balancer/main.cc", 6},
};

// The CLI is a client of the control interface, and knows nothing of what stands behind it.
constexpr std::string_view kCtl = "ctl/";
constexpr std::string_view kCtlMayInclude[] = {
    "balancer/control/", "balancer/model/", "config/",      "config/check/",
    "config/yaml/",      "balancer/base/",  "balancer/bpf/"};

const Folder* folder_of(std::string_view path) {
  const Folder* longest = nullptr;
  for (const Folder& folder : kFolders)
    if (path.starts_with(folder.path) && (!longest || folder.path.size() > longest->path.size()))
      longest = &folder;
  return longest;
}

// Line by line: visit(line, number).
template <typename Visit>
void each_line(const File& file, Visit visit) {
  std::istringstream lines(file.text);
  std::string line;
  for (size_t number = 1; std::getline(lines, line); ++number) visit(line, number);
}

std::string at(const File& file, size_t line, const std::string& what) {
  return file.path + ":" + std::to_string(line) + ": " + what;
}

// What stands between `open` and `close` of an #include.
std::optional<std::string> included(std::string_view line, char open, char close) {
  constexpr std::string_view kBlanks = " \t";
  const auto skip_blanks = [&] {
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  };
  skip_blanks();
  if (!line.starts_with('#')) return std::nullopt;
  line.remove_prefix(1);
  skip_blanks();
  constexpr std::string_view kInclude = "include";
  if (!line.starts_with(kInclude)) return std::nullopt;
  line.remove_prefix(kInclude.size());
  skip_blanks();
  if (!line.starts_with(open)) return std::nullopt;
  return std::string(line.substr(1, line.find(close, 1) - 1));
}

bool ctl_may_include(std::string_view target) {
  if (target.starts_with(kCtl)) return true;
  const Folder* folder = folder_of(target);
  return folder && std::find(std::begin(kCtlMayInclude), std::end(kCtlMayInclude), folder->path) !=
                       std::end(kCtlMayInclude);
}

// From the root of the tree. What begins with no folder of the root is meant from where the file
// is.
std::string resolve(std::string_view path, const std::string& target) {
  for (const std::string_view root : {"balancer/", "config/", "ctl/", "tests/"})
    if (target.starts_with(root)) return target;
  return (std::filesystem::path(path).parent_path() / target).lexically_normal();
}

bool may_include(std::string_view path, std::string_view target) {
  if (path.starts_with(kCtl)) return ctl_may_include(target);
  const Folder* from = folder_of(path);
  const Folder* to = folder_of(target);
  return from && to && (from == to || to->height < from->height);
}

bool is_product(std::string_view path) {
  return path.starts_with("balancer/") || path.starts_with("config/") || path.starts_with(kCtl);
}

bool is_word_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool has_word(std::string_view line, std::string_view word) {
  for (size_t i = line.find(word); i != std::string_view::npos; i = line.find(word, i + 1)) {
    const size_t end = i + word.size();
    if ((i == 0 || !is_word_part(line[i - 1])) && (end == line.size() || !is_word_part(line[end])))
      return true;
  }
  return false;
}

bool is_accepted_licence(std::string_view path, std::string_view licence) {
  constexpr std::string_view kUser = "Apache-2.0";
  constexpr std::string_view kKernel = "GPL-2.0-only OR BSD-2-Clause";
  if (path.starts_with("balancer/bpf/")) return licence == kKernel;
  return licence == kUser || (path.ends_with(".bpf.c") && licence == kKernel);
}

}  // namespace

bool is_source(const File& file) {
  if (file.path.starts_with("tests/fuzz/corpus/")) return false;
  for (const std::string_view ending :
       {".h", ".cc", ".c", ".py", ".sh", ".cmake", ".yaml", ".yml", "CMakeLists.txt"})
    if (file.path.ends_with(ending)) return true;
  return file.text.starts_with("#!");
}

Problems check_includes(const File& file) {
  Problems problems;
  if (!is_product(file.path)) return problems;
  each_line(file, [&](const std::string& line, size_t number) {
    const auto target = included(line, '"', '"');
    if (target && !may_include(file.path, resolve(file.path, *target)))
      problems.push_back(at(file, number, "must not include \"" + *target + "\""));
  });
  return problems;
}

Problems check_asio(const File& file) {
  Problems problems;
  if (file.path == "balancer/base/asio.h") return problems;
  each_line(file, [&](const std::string& line, size_t number) {
    const auto target = included(line, '<', '>');
    if (target && target->starts_with("boost/asio"))
      problems.push_back(at(file, number, "must include \"balancer/base/asio.h\" instead"));
  });
  return problems;
}

Problems check_licence(const File& file) {
  // In two parts, lest this line be taken for a licence.
  constexpr std::string_view kTag =
      "SPDX-License-"
      "Identifier: ";
  std::optional<std::string> licence;
  each_line(file, [&](const std::string& line, size_t number) {
    const size_t tag = line.find(kTag);
    if (number > kLicenceLines || licence || tag == std::string::npos) return;
    licence = line.substr(tag + kTag.size());
    if (licence->ends_with(" */")) licence->resize(licence->size() - 3);
  });
  if (!licence) return {file.path + ": its first lines name no licence (SPDX)"};
  if (!is_accepted_licence(file.path, *licence))
    return {file.path + ": must not have the licence \"" + *licence + "\""};
  return {};
}

Problems check_length(const File& file) {
  const auto lines = static_cast<size_t>(std::count(file.text.begin(), file.text.end(), '\n'));
  if (lines <= kMostLines) return {};
  return {file.path + ": has " + std::to_string(lines) + " lines, more than " +
          std::to_string(kMostLines)};
}

Problems check_words(const File& file) {
  Problems problems;
  each_line(file, [&](const std::string& line, size_t number) {
    for (const std::string_view word : {"TO"
                                        "DO",
                                        "FIX"
                                        "ME",
                                        "X"
                                        "XX"})
      if (has_word(line, word)) problems.push_back(at(file, number, "says " + std::string(word)));
  });
  return problems;
}

}  // namespace pinion::tree
