// SPDX-License-Identifier: Apache-2.0
#include "balancer/dataplane/pins.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cstdio>
#include <filesystem>

namespace pinion {
namespace {

constexpr char kBpffs[] = "/sys/fs/bpf";
constexpr char kParent[] = "/sys/fs/bpf/pinion";
constexpr int kAttempts = 100;

Result<> mount_bpffs() {
  struct statfs found {};
  if (statfs(kBpffs, &found) == 0 && found.f_type == BPF_FS_MAGIC) return {};
  if (mount("bpf", kBpffs, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") == 0) return {};
  return with_remedy(errno_error(std::string("mount bpffs on ") + kBpffs),
                     std::string("as root: mount -t bpf bpf ") + kBpffs);
}

Result<> make_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return errno_error("make directory " + path);
}

bool is_same(const Fd& open, const std::string& path) {
  struct stat ours {};
  struct stat there {};
  return fstat(open.get(), &ours) == 0 && stat(path.c_str(), &there) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

// A lock on the directory itself: it is as private as what it guards. Nothing, where another daemon
// has just removed it.
Result<Fd> lock(const std::string& directory, const std::string& instance) {
  for (const std::string& path : {std::string(kParent), directory}) {
    auto made = make_directory(path);
    if (!made && made.error().code == std::errc::no_such_file_or_directory) return Fd();
    if (!made) return made.error();
  }
  Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return Fd();
  if (!fd) return errno_error("open " + directory);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return is_same(fd, directory) ? std::move(fd) : Fd();
  if (errno != EWOULDBLOCK) return errno_error("lock " + directory);
  return refusal("another piniond runs instance '" + instance +
                 "'; stop it, or give this one another director.instance, and interfaces, a "
                 "control.socket and a metrics.listen of its own");
}

}  // namespace

Result<Pins> Pins::open(const std::string& instance) {
  Pins pins;
  pins.directory_ = std::string(kParent) + "/" + instance;
  if (auto mounted = mount_bpffs(); !mounted) return mounted.error();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    auto locked = lock(pins.directory_, instance);
    if (!locked) return locked.error();
    if (!*locked) continue;
    pins.lock_ = std::move(*locked);
    return pins;
  }
  return refusal("lock " + pins.directory_ + ": it is made and removed all the time");
}

// Only an empty directory is removed, and while it is locked.
Pins::~Pins() {
  if (!lock_) return;
  rmdir(directory_.c_str());
  rmdir(kParent);
}

std::vector<std::string> Pins::other_instances() const {
  std::vector<std::string> others;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(kParent, ignored))
    if (entry.path() != directory_) others.push_back(entry.path().filename());
  return others;
}

Result<Fd> Pins::get(const std::string& name) const {
  const int fd = bpf_obj_get(path(name).c_str());
  if (fd >= 0) return Fd(fd);
  if (errno == ENOENT) return Fd();
  return errno_error("open pinned " + path(name));
}

Result<> Pins::put(const std::string& name, int fd) const {
  if (bpf_obj_pin(fd, path(name).c_str()) == 0) return {};
  return errno_error("pin " + path(name));
}

Result<> Pins::rename(const std::string& from, const std::string& to) const {
  if (std::rename(path(from).c_str(), path(to).c_str()) == 0) return {};
  return errno_error("rename pinned " + path(from) + " to " + path(to));
}

void Pins::remove(const std::string& name) const { unlink(path(name).c_str()); }

void Pins::remove_all(const std::string& prefix) const {
  for (const std::string& name : names(prefix)) remove(name);
}

std::vector<std::string> Pins::names(const std::string& prefix) const {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, ignored)) {
    std::string name = entry.path().filename();
    if (name.starts_with(prefix)) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace pinion
