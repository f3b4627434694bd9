// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/tree/links.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>
#include <sstream>
#include <string_view>

namespace pinion::tree {
namespace {

// A piece of a page's text, and the line that it is on.
struct Piece {
  size_t line;
  std::string text;
};

// The lines that are no code: neither fenced nor indented.
std::vector<Piece> text_lines(const File& page) {
  std::istringstream stream(page.text);
  std::vector<Piece> lines;
  bool fenced = false;
  size_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (line.starts_with("```"))
      fenced = !fenced;
    else if (!fenced && !line.starts_with("    "))
      lines.push_back({number, line});
  }
  return lines;
}

// What is between `open` and the next `close`, each time.
std::vector<std::string> between(const std::string& line, std::string_view open, char close) {
  std::vector<std::string> found;
  for (size_t at = line.find(open); at != std::string::npos; at = line.find(open, at)) {
    at += open.size();
    const size_t end = line.find(close, at);
    if (end == std::string::npos) break;
    found.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return found;
}

std::string without_code(const std::string& line) {
  std::string text;
  bool code = false;
  for (const char c : line) {
    if (c == '`')
      code = !code;
    else if (!code)
      text += c;
  }
  return text;
}

std::vector<Piece> links_of(const File& page) {
  std::vector<Piece> links;
  for (const Piece& line : text_lines(page))
    for (const std::string& target : between(without_code(line.text), "](", ')'))
      if (target.find("://") == std::string::npos) links.push_back({line.line, target});
  return links;
}

// A heading's anchor, as GitHub makes it: lower case, blanks become '-', punctuation goes.
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    if (c == ' ' || c == '-')
      anchor += '-';
    else if (std::isalnum(static_cast<unsigned char>(c)) || c == '_')
      anchor += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return anchor;
}

std::set<std::string> anchors_of(const File& page) {
  std::set<std::string> anchors;
  for (const Piece& line : text_lines(page)) {
    const size_t level = line.text.find_first_not_of('#');
    if (level != 0 && level != std::string::npos && line.text[level] == ' ')
      anchors.insert(anchor_of(line.text.substr(level + 1)));
  }
  return anchors;
}

// Where a link leads: a path from the root, and an anchor or "".
struct Target {
  std::string path;
  std::string anchor;
};

Target resolve(const File& page, const std::string& link) {
  const size_t hash = std::min(link.find('#'), link.size());
  const std::string anchor = hash < link.size() ? link.substr(hash + 1) : "";
  if (hash == 0) return {page.path, anchor};
  const auto folder = std::filesystem::path(page.path).parent_path();
  return {(folder / link.substr(0, hash)).lexically_normal().string(), anchor};
}

const File* find(const std::vector<File>& pages, const std::string& path) {
  const auto found =
      std::find_if(pages.begin(), pages.end(), [&](const File& page) { return page.path == path; });
  return found == pages.end() ? nullptr : &*found;
}

std::string problem(const File& page, const Piece& piece, const std::string& what) {
  return page.path + ":" + std::to_string(piece.line) + ": " + what + ": " + piece.text;
}

bool names_a_file(const std::string& code) {
  for (const std::string_view root : {"config/examples/", "deploy/", "tests/"})
    if (code.starts_with(root)) return code.find_first_of(" *<") == std::string::npos;
  return false;
}

}  // namespace

Problems check_links(const std::vector<File>& pages, const Exists& exists) {
  Problems problems;
  for (const File& page : pages) {
    for (const Piece& link : links_of(page)) {
      const Target target = resolve(page, link.text);
      const File* other = find(pages, target.path);
      if (!other && !exists(target.path))
        problems.push_back(problem(page, link, "links to nothing"));
      else if (!target.anchor.empty() && (!other || !anchors_of(*other).contains(target.anchor)))
        problems.push_back(problem(page, link, "links to no heading"));
    }
  }
  return problems;
}

Problems check_named_files(const std::vector<File>& pages, const Exists& exists) {
  Problems problems;
  for (const File& page : pages)
    for (const Piece& line : text_lines(page))
      for (const std::string& code : between(line.text, "`", '`'))
        if (names_a_file(code) && !exists(code))
          problems.push_back(problem(page, {line.line, code}, "names no file"));
  return problems;
}

std::vector<std::string> unreachable(const std::vector<File>& pages, const std::string& start) {
  std::set<std::string> reached = {start};
  std::vector<std::string> next = {start};
  while (!next.empty()) {
    const File* page = find(pages, next.back());
    next.pop_back();
    if (!page) continue;
    for (const Piece& link : links_of(*page))
      if (std::string path = resolve(*page, link.text).path; reached.insert(path).second)
        next.push_back(std::move(path));
  }
  std::vector<std::string> missed;
  for (const File& page : pages)
    if (!reached.contains(page.path)) missed.push_back(page.path);
  return missed;
}

}  // namespace pinion::tree
