// SPDX-License-Identifier: Apache-2.0
// The kernel's maps as C++ sees them. Each owns its descriptor, not the kernel's map: a pinned map
// outlives the daemon, and that is how connections survive a restart.
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "balancer/base/error.h"
#include "balancer/base/fd.h"

namespace pinion {

// A BPF hash map with these types, or an LPM trie, whose keys begin with their length.
template <typename Key, typename Value>
class HashMap {
  static_assert(std::has_unique_object_representations_v<Key>, "name the padding of Key");

 public:
  HashMap() = default;
  HashMap(Fd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

  Result<> put(const Key& key, const Value& value) {
    if (bpf_map_update_elem(fd_.get(), &key, &value, BPF_ANY) == 0) return {};
    return errno_error("update map " + name_);
  }
  // Unless the key is there.
  Result<> add(const Key& key, const Value& value) {
    if (bpf_map_update_elem(fd_.get(), &key, &value, BPF_NOEXIST) == 0 || errno == EEXIST)
      return {};
    return errno_error("update map " + name_);
  }
  std::optional<Value> get(const Key& key) const {
    Value value;
    if (bpf_map_lookup_elem(fd_.get(), &key, &value) == 0) return value;
    return {};
  }
  // An absent key is no error.
  Result<> erase(const Key& key) {
    if (bpf_map_delete_elem(fd_.get(), &key) == 0 || errno == ENOENT) return {};
    return errno_error("delete from map " + name_);
  }
  // Everything in it; complete only where nobody writes meanwhile.
  Result<std::vector<std::pair<Key, Value>>> read() const {
    std::vector<std::pair<Key, Value>> all;
    Key key;
    for (const Key* previous = nullptr; bpf_map_get_next_key(fd_.get(), previous, &key) == 0;
         previous = &key) {
      Value value;
      if (bpf_map_lookup_elem(fd_.get(), &key, &value) == 0) all.emplace_back(key, value);
    }
    if (errno != ENOENT) return errno_error("read map " + name_);
    return all;
  }

 private:
  Fd fd_;
  std::string name_;
};

// The memory of a BPF_F_MMAPABLE array: writes are the packet path's next reads, without a call.
// An element takes a multiple of 8 bytes, whatever its size.
template <typename Value>
class MappedArray {
 public:
  MappedArray() = default;
  MappedArray(MappedArray&& other) noexcept { *this = std::move(other); }
  MappedArray& operator=(MappedArray&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~MappedArray() {
    if (memory_) munmap(memory_, size_ * kStride);
  }

  static Result<MappedArray> map(int fd, uint32_t size, const std::string& name) {
    MappedArray array;
    void* memory = mmap(nullptr, size * kStride, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) return errno_error("map the memory of map " + name);
    array.memory_ = static_cast<char*>(memory);
    array.size_ = size;
    return array;
  }

  size_t size() const { return size_; }
  Value& operator[](size_t index) { return *reinterpret_cast<Value*>(memory_ + index * kStride); }
  const Value& operator[](size_t index) const {
    return *reinterpret_cast<const Value*>(memory_ + index * kStride);
  }

 private:
  static constexpr size_t kStride = (sizeof(Value) + 7) / 8 * 8;

  char* memory_ = nullptr;
  size_t size_ = 0;
};

// A per-CPU array. What is read is one value for each possible CPU.
template <typename Value>
class PerCpuArray {
  static_assert(sizeof(Value) % 4 == 0);

 public:
  PerCpuArray() = default;
  PerCpuArray(Fd fd, std::string name)
      : fd_(std::move(fd)), name_(std::move(name)), cpus_(libbpf_num_possible_cpus()) {}

  size_t cpus() const { return static_cast<size_t>(cpus_); }

  // The values of elements [0, count): visit(index, value) for each element and CPU.
  template <typename Visit>
  Result<> read(uint32_t count, Visit visit) const {
    std::vector<uint32_t> keys(count);
    std::vector<char> values(count * cpus() * kStride);
    uint32_t position = 0;
    uint32_t done = count;
    if (count == 0) return {};
    if (bpf_map_lookup_batch(fd_.get(), nullptr, &position, keys.data(), values.data(), &done,
                             nullptr) != 0 &&
        errno != ENOENT) {
      return errno_error("read map " + name_);
    }
    for (size_t i = 0; i < done; ++i)
      for (size_t cpu = 0; cpu < cpus(); ++cpu)
        visit(keys[i],
              *reinterpret_cast<const Value*>(values.data() + (i * cpus() + cpu) * kStride));
    return {};
  }

  // Writes one element; value(cpu) for each CPU.
  template <typename Make>
  Result<> put(uint32_t index, Make value) {
    std::vector<char> values(cpus() * kStride);
    for (size_t cpu = 0; cpu < cpus(); ++cpu)
      *reinterpret_cast<Value*>(values.data() + cpu * kStride) = value();
    if (bpf_map_update_elem(fd_.get(), &index, values.data(), BPF_ANY) == 0) return {};
    return errno_error("update map " + name_);
  }

 private:
  static constexpr size_t kStride = (sizeof(Value) + 7) / 8 * 8;

  Fd fd_;
  std::string name_;
  int cpus_ = 0;
};

}  // namespace pinion
