// SPDX-License-Identifier: Apache-2.0
// The text of a request's target (RFC 9112, 3.2.1; RFC 3986, 2.1 and 3.3).
#include <charconv>
#include <optional>

#include "balancer/base/http.h"

namespace pinion::http {
namespace {

constexpr size_t kMost = 64;  // Segments, and query parameters.

std::optional<std::string> decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned char byte = 0;
    const char* digits = text.data() + i + 1;
    if (text.size() - i < 3) return {};
    const auto [end, error] = std::from_chars(digits, digits + 2, byte, 16);
    if (error != std::errc() || end != digits + 2 || byte == 0) return {};
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

Error bad(std::string_view part) {
  return refusal("the URL has a bad %-escape in '" + std::string(part) + "'");
}

Result<> parse_path(std::string_view text, std::vector<std::string>& path) {
  if (text == "/") return {};
  while (!text.empty()) {
    const size_t end = std::min(text.find('/', 1), text.size());
    const std::string_view part = text.substr(1, end - 1);
    auto segment = decode(part);
    if (!segment) return bad(part);
    if (segment->empty()) return refusal("the URL has an empty segment");
    if (path.size() == kMost) return refusal("the URL has too many segments");
    path.push_back(std::move(*segment));
    text.remove_prefix(end);
  }
  return {};
}

Result<> parse_query(std::string_view text, std::map<std::string, std::string>& query) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view part = text.substr(0, end);
    const size_t equals = std::min(part.find('='), part.size());
    auto key = decode(part.substr(0, equals));
    auto value = decode(part.substr(std::min(equals + 1, part.size())));
    if (!key || !value) return bad(part);
    if (query.size() == kMost) return refusal("the URL has too many parameters");
    if (!query.emplace(*key, std::move(*value)).second)
      return refusal("the URL gives '" + *key + "' twice");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

bool stands_for_itself(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~' || c == ':';
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  if (text.empty() || text.front() != '/') return refusal("the URL's path does not begin with '/'");
  Target target;
  const size_t question = std::min(text.find('?'), text.size());
  if (auto path = parse_path(text.substr(0, question), target.path); !path) return path.error();
  text.remove_prefix(std::min(question + 1, text.size()));
  if (auto query = parse_query(text, target.query); !query) return query.error();
  return target;
}

std::string encode(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (stands_for_itself(c)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return encoded;
}

}  // namespace pinion::http
