// SPDX-License-Identifier: Apache-2.0
// A data plane that is pinned, and made to differ from what this build makes.
#pragma once

#include <bpf/bpf.h>
#include <gmock/gmock.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/dataplane/plane.h"

namespace pinion {

constexpr uint32_t kFirst = 0;

inline bpf_map_info info_of(const Fd& fd) {
  bpf_map_info info{};
  uint32_t length = sizeof(info);
  EXPECT_EQ(bpf_obj_get_info_by_fd(fd.get(), &info, &length), 0);
  return info;
}

class FormerPlane : public Plane {
 protected:
  void SetUp() override {
    Plane::SetUp();
    if (!program_) return;
    pin();
    program_.reset();
  }

  Fd pinned(const std::string& name) { return std::move(*pins_->get(name)); }

  // Pins another map in the place of one, which `change` makes different.
  template <typename Change>
  void exchange(const std::string& name, Change change) {
    bpf_map_info like = info_of(pinned(name));
    like.map_flags &= ~BPF_F_RDONLY_PROG;
    change(like);
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = like.map_flags);
    const Fd made(bpf_map_create(static_cast<bpf_map_type>(like.type), "crafted", like.key_size,
                                 like.value_size, like.max_entries, &options));
    ASSERT_TRUE(made) << name;
    pins_->remove(name);
    ASSERT_DONE(pins_->put(name, made.get()));
  }
  void resize_values(const std::string& name, uint32_t bytes) {
    exchange(name, [&](bpf_map_info& like) { like.value_size = bytes; });
  }

  pinion_settings settings() {
    pinion_settings value{};
    EXPECT_EQ(bpf_map_lookup_elem(pinned("settings").get(), &kFirst, &value), 0);
    return value;
  }
  void set_version(pinion_family family, uint32_t version) {
    pinion_settings value = settings();
    value.version[family] = version;
    ASSERT_EQ(bpf_map_update_elem(pinned("settings").get(), &kFirst, &value, BPF_ANY), 0);
  }

  // What the last release without versions pins; its seed is this one's.
  void pin_last_release() {
    pinion_settings value = settings();
    value.abi = 6;
    resize_values("settings", 160);
    ASSERT_EQ(bpf_map_update_elem(pinned("settings").get(), &kFirst, &value, BPF_ANY), 0);
    resize_values("load", 8);
    for (const char* name : {"services", "service_ranges", "service_prefixes"})
      resize_values(name, 16);
    resize_values("counters", 40);
    exchange("verdicts", [](bpf_map_info& like) {
      like.type = BPF_MAP_TYPE_PERCPU_ARRAY;
      like.map_flags = 0;
      like.max_entries = 1;
      like.value_size = 256;
    });
  }

  // By name, which map is pinned.
  std::map<std::string, uint32_t> pins() {
    std::map<std::string, uint32_t> ids;
    for (const std::string& name : pins_->names("")) ids[name] = info_of(pinned(name)).id;
    return ids;
  }

  void refused(const std::vector<std::string>& words) {
    const auto before = pins();
    const auto next = load_again();
    ASSERT_FALSE(next) << words.front();
    for (const std::string& word : words)
      EXPECT_THAT(next.error().message(), testing::HasSubstr(word));
    EXPECT_THAT(next.error().message(), testing::HasSubstr("remove " + pins_->directory()));
    EXPECT_EQ(pins(), before) << "what is refused is not touched";
  }
};

}  // namespace pinion
