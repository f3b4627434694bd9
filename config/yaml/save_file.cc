// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <optional>

#include "balancer/base/fd.h"
#include "config/yaml/save.h"

namespace pinion::config {
namespace {

constexpr mode_t kModeOfNew = 0644;
constexpr int kMostLinks = 40;  // As the kernel has it.

// The file that the symbolic links lead to; it need not exist.
Result<std::string> follow_links(const std::string& path) {
  std::filesystem::path target = path;
  for (int i = 0; i < kMostLinks; ++i) {
    std::error_code error;
    if (!std::filesystem::is_symlink(target, error)) return target.string();
    const auto next = std::filesystem::read_symlink(target, error);
    if (error) return Error{error, "read the link " + target.string()};
    target = target.parent_path() / next;
  }
  return errno_error("follow the links of " + path, ELOOP);
}

// A temporary file beside the target; removed unless it is kept.
class Draft {
 public:
  explicit Draft(const std::string& target) : path_(target + ".XXXXXX") {
    fd_.reset(::mkostemp(path_.data(), O_CLOEXEC));
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    if (fd_ && !kept_) ::unlink(path_.c_str());
  }

  const Fd& fd() const { return fd_; }
  const std::string& path() const { return path_; }
  void keep() { kept_ = true; }

 private:
  std::string path_;
  Fd fd_;
  bool kept_ = false;
};

Result<> write_all(const Draft& draft, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(draft.fd().get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("write " + draft.path());
    text.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

// Sets the owner first, because that clears bits of the mode.
Result<> look_like(const Draft& draft, const std::string& target) {
  struct stat old {};
  const bool exists = ::stat(target.c_str(), &old) == 0;
  struct stat own {};
  if (::fstat(draft.fd().get(), &own) != 0) return errno_error("stat " + draft.path());
  if (exists && (old.st_uid != own.st_uid || old.st_gid != own.st_gid) &&
      ::fchown(draft.fd().get(), old.st_uid, old.st_gid) != 0)
    return errno_error("give " + draft.path() + " the owner of " + target);
  if (::fchmod(draft.fd().get(), exists ? old.st_mode & 07777 : kModeOfNew) != 0)
    return errno_error("set the mode of " + draft.path());
  return {};
}

// A rename is on disk only once its directory is synced.
Result<> sync_directory_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const std::string name = parent.empty() ? "." : parent;
  const Fd directory(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return errno_error("sync " + name);
  return {};
}

}  // namespace

Result<> save_file(const std::string& path, const Config& config) {
  const auto target = follow_links(path);
  if (!target) return target.error();
  Draft draft(*target);
  if (!draft.fd()) return errno_error("make a file beside " + *target);
  if (auto written = write_all(draft, to_yaml(config)); !written) return written;
  if (auto alike = look_like(draft, *target); !alike) return alike;
  if (::fsync(draft.fd().get()) != 0) return errno_error("sync " + draft.path());
  if (::rename(draft.path().c_str(), target->c_str()) != 0)
    return errno_error("rename " + draft.path() + " to " + *target);
  draft.keep();
  return sync_directory_of(*target);
}

}  // namespace pinion::config
