// SPDX-License-Identifier: Apache-2.0
#include "balancer/base/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "balancer/base/journal.h"
#include "balancer/base/rate_limiter.h"

namespace pinion::log {
namespace {

constexpr uint32_t kBurst = 10;
constexpr std::chrono::seconds kInterval{10};

// In the order of Level.
struct LevelRow {
  std::string_view keyword;
  spdlog::level::level_enum level;
  std::string_view journal;  // What journald takes off the line as its priority (sd-daemon(3)).
};
constexpr std::array kLevels = {
    LevelRow{"debug", spdlog::level::debug, "<7>"},
    LevelRow{"info", spdlog::level::info, "<6>"},
    LevelRow{"warning", spdlog::level::warn, "<4>"},
    LevelRow{"error", spdlog::level::err, "<3>"},
};

const LevelRow& row(Level level) { return kLevels[static_cast<size_t>(level)]; }

bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat file {};
  return stream && ::fstat(STDERR_FILENO, &file) == 0 && is_journal_stream(stream, file);
}

bool is_printable(char c) { return c >= ' ' && c <= '~'; }

bool is_plain(std::string_view value) {
  for (const char c : value) {
    if (!is_printable(c) || c == ' ' || c == '"' || c == '\\' || c == '=') return false;
  }
  return !value.empty();
}

void append_escaped(std::string& line, char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (c == '\n') {
    line += "\\n";
  } else if (c == '"' || c == '\\') {
    line += '\\';
    line += c;
  } else if (is_printable(c)) {
    line += c;
  } else {
    const auto byte = static_cast<unsigned char>(c);
    line += "\\x";
    line += kDigits[byte >> 4];
    line += kDigits[byte & 15];
  }
}

void append_field(std::string& line, std::string_view key, std::string_view value) {
  line += ' ';
  line += key;
  line += '=';
  if (is_plain(value)) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value) append_escaped(line, c);
  line += '"';
}

// Where the lines go. Any thread may write.
class Output {
 public:
  Output() : to_journal_(stderr_is_journal()) {
    logger_.set_pattern(to_journal_ ? "%v" : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    set_level(Level::kInfo);
  }

  void set_level(Level level) { logger_.set_level(row(level).level); }

  void write_limited(Level level, std::string_view event, std::initializer_list<Field> fields) {
    if (!logger_.should_log(row(level).level)) return;
    if (const auto left_out = admit(event))
      write(level, event, {fields.begin(), fields.size()}, *left_out);
  }

  void write(Level level, std::string_view event, std::span<const Field> fields,
             uint64_t left_out = 0) {
    std::string line(to_journal_ ? row(level).journal : "");
    line += format(event, fields);
    if (left_out > 0) append_field(line, "left_out", std::to_string(left_out));
    logger_.log(row(level).level, spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  std::optional<uint64_t> admit(std::string_view event) {
    const std::lock_guard lock(mutex_);
    return limiter_.admit(event, std::chrono::steady_clock::now());
  }

  bool to_journal_;
  std::mutex mutex_;  // Guards limiter_; spdlog guards itself.
  RateLimiter limiter_{kBurst, kInterval};
  spdlog::logger logger_{"pinion", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
};

Output& output() {
  static Output instance;
  return instance;
}

}  // namespace

std::optional<Level> parse_level(std::string_view text) {
  for (size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels[i].keyword == text) return static_cast<Level>(i);
  }
  return std::nullopt;
}

void set_level(Level level) { output().set_level(level); }

void debug(std::string_view event, std::initializer_list<Field> fields) {
  output().write_limited(Level::kDebug, event, fields);
}
void info(std::string_view event, std::initializer_list<Field> fields) {
  output().write_limited(Level::kInfo, event, fields);
}
void warning(std::string_view event, std::initializer_list<Field> fields) {
  output().write_limited(Level::kWarning, event, fields);
}
void error(std::string_view event, std::initializer_list<Field> fields) {
  output().write_limited(Level::kError, event, fields);
}

void record(std::string_view event, std::span<const Field> fields) {
  output().write(Level::kInfo, event, fields);
}

std::string format(std::string_view event, std::span<const Field> fields) {
  std::string line(event);
  for (const Field& field : fields) append_field(line, field.key, field.value);
  return line;
}

}  // namespace pinion::log
