// SPDX-License-Identifier: Apache-2.0
#include "config/yaml/save.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/unit/config/fixtures.h"
#include "tests/unit/config/random_config.h"

namespace pinion::config {
namespace {

using testing::HasSubstr;

TEST(ToYaml, IsWhatAnOperatorWouldWrite) {
  Config config = sound_config();
  config.director.timeouts.syn = std::chrono::seconds(10);
  config.director.control.mode = 0600;
  config.director.on_stop = OnStop::kKeep;
  config.vips[0].label = "3";
  config.host_routes = {{prefix("10.9.0.0/16"), address("10.0.0.1"), "", 0}};
  config.services.push_back(config.services[0]);
  config.services[1].listeners[0].ports = Ports::one(443);
  config.services[1].name = default_name(config.services[1]);
  config.services[1].servers = {};
  EXPECT_EQ(to_yaml(config),
            "director:\n"
            "  interfaces: [eth0]\n"
            "  timeouts: {syn: 10s}\n"
            "  control: {mode: \"0600\"}\n"
            "  on_stop: keep\n"
            "\n"
            "vips:\n"
            "  - {address: 10.0.0.100/32, interface: eth0, label: \"3\"}\n"
            "\n"
            "host_routes:\n"
            "  - {to: 10.9.0.0/16, via: 10.0.0.1}\n"
            "\n"
            "services:\n"
            "  - name: web\n"
            "    vip: 10.0.0.100\n"
            "    port: 80\n"
            "    servers:\n"
            "      - {address: 10.0.0.11}\n"
            "      - {address: 10.0.0.12, weight: 2}\n"
            "  - vip: 10.0.0.100\n"
            "    port: 443\n");
}

TEST(ToYaml, OfDefaultsIsEmpty) { EXPECT_EQ(to_yaml(Config{}), "{}\n"); }

TEST(ToYaml, QuotesWhatOtherReadersWouldTakeForNumbers) {
  Config config = sound_config();
  config.director.interfaces = {"true", "NO", "3", "1e3", "eth0", "e3"};
  config.services[0].listeners[0].vip = prefix("1:2:3:4:5:6:7:8");
  config.services[0].servers = {{address("fd00::"), 1}, {address("fd00::1"), 1}};
  const std::string yaml = to_yaml(config);
  EXPECT_THAT(yaml, HasSubstr(R"(interfaces: ["true", "NO", "3", "1e3", eth0, e3])"));
  EXPECT_THAT(yaml, HasSubstr("vip: \"1:2:3:4:5:6:7:8\"\n"));
  EXPECT_THAT(yaml, HasSubstr("{address: \"fd00::\"}"));
  EXPECT_THAT(yaml, HasSubstr("{address: fd00::1}"));
}

TEST(ToYaml, ReadsBackAsTheSame) {
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    const Config config = random_config(random);
    const std::string yaml = to_yaml(config);
    const Loaded loaded = load(yaml, "saved.yaml", kVocabulary);
    ASSERT_TRUE(loaded.ok()) << loaded.errors() << "\n" << yaml;
    ASSERT_TRUE(loaded.config == config) << yaml << "\n" << to_yaml(loaded.config);
  }
}

class SaveFile : public testing::Test {
 protected:
  SaveFile() { std::filesystem::create_directory(directory_); }
  ~SaveFile() override { std::filesystem::remove_all(directory_); }

  static std::string read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  size_t files() const {
    using Iterator = std::filesystem::directory_iterator;
    return static_cast<size_t>(std::distance(Iterator(directory_), Iterator()));
  }

  const std::string directory_ = testing::TempDir() + "pinion_save_" + std::to_string(::getpid());
  const std::string path_ = directory_ + "/pinion.yaml";
  const Config config_ = sound_config();
};

TEST_F(SaveFile, MakesANewFile) {
  ASSERT_TRUE(save_file(path_, config_));
  EXPECT_EQ(read(path_), to_yaml(config_));
  struct stat made {};
  ASSERT_EQ(::stat(path_.c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 07777, 0644u);
}

TEST_F(SaveFile, KeepsModeAndOwner) {
  std::ofstream(path_) << "old\n";
  ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::chown(path_.c_str(), 1234, 4321), 0);
  }
  ASSERT_TRUE(save_file(path_, config_));
  EXPECT_EQ(read(path_), to_yaml(config_));
  struct stat made {};
  ASSERT_EQ(::stat(path_.c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 07777, 0640u);
  EXPECT_EQ(made.st_uid, root ? 1234u : ::geteuid());
  EXPECT_EQ(made.st_gid, root ? 4321u : made.st_gid);
  EXPECT_EQ(files(), 1u) << "nothing is left beside it";
}

TEST_F(SaveFile, FollowsLinks) {
  std::filesystem::create_directory(directory_ + "/real");
  std::filesystem::create_symlink("real/link", path_);
  std::filesystem::create_symlink(directory_ + "/real/file.yaml", directory_ + "/real/link");
  ASSERT_TRUE(save_file(path_, config_));
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
  EXPECT_TRUE(std::filesystem::is_symlink(directory_ + "/real/link"));
  EXPECT_EQ(read(directory_ + "/real/file.yaml"), to_yaml(config_));
}

TEST_F(SaveFile, RefusesLinksInACircle) {
  std::filesystem::create_symlink("pinion.yaml", path_);
  const auto saved = save_file(path_, config_);
  ASSERT_FALSE(saved);
  EXPECT_THAT(saved.error().message(), HasSubstr("Too many levels of symbolic links"));
}

TEST_F(SaveFile, ReplacesTheFileAndDoesNotWriteIntoIt) {
  std::ofstream(path_) << "old\n";
  const std::string other = directory_ + "/other";
  std::filesystem::create_hard_link(path_, other);
  ASSERT_TRUE(save_file(path_, config_));
  EXPECT_EQ(read(other), "old\n");
}

TEST_F(SaveFile, LeavesEverythingAloneOnFailure) {
  EXPECT_THAT(save_file(directory_ + "/absent/x.yaml", config_).error().message(),
              HasSubstr("absent/x.yaml: No such file or directory"));
  std::filesystem::create_directory(path_);
  const auto saved = save_file(path_, config_);
  ASSERT_FALSE(saved);
  EXPECT_THAT(saved.error().message(), HasSubstr("Is a directory"));
  EXPECT_EQ(files(), 1u);
}

}  // namespace
}  // namespace pinion::config
