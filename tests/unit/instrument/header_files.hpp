#pragma once

#include <cctype>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "almagest/header.hpp"

/// Headers as the test data have them: a YAML mapping, a YAML list of [name, type, value, comment]
/// where a repeated card has a list as its value, JSON, or lines of 80 columns.
namespace header_files {

namespace fs = std::filesystem;

inline std::string contents(fs::path const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// As much of YAML as these files need: block and flow lists, one mapping, plain and quoted
/// scalars, plain ones over several lines.
class Yaml {
 public:
  struct Node {
    std::optional<std::string> text;  ///< none for a list
    bool quoted = false;
    std::vector<Node> items;
  };

  explicit Yaml(std::string text) : text_(std::move(text)) {}

  almagest::Header read() {
    almagest::Header header;
    skip_blank_lines();
    if (text_.compare(at_, 2, "!<") == 0) {
      at_ = text_.find('\n', at_) + 1;
      for (Node const& card : block_list(0).items) add_typed(header, card);
    } else {
      while (skip_blank_lines()) add_entry(header);
    }
    return header;
  }

 private:
  static std::optional<almagest::Value> value(Node const& node, bool as_text) {
    std::string const& t = *node.text;
    if (node.quoted) return t;
    if (t.empty() || t == "null" || t == "~") return std::nullopt;
    if (as_text) return t;
    if (t == "true" || t == "false") return t == "true";
    if (t == ".nan") return std::numeric_limits<double>::quiet_NaN();
    std::int64_t whole = 0;
    double real = 0.0;
    char const* const end = t.data() + t.size();
    if (auto [p, e] = std::from_chars(t.data(), end, whole); e == std::errc() && p == end)
      return whole;
    if (auto [p, e] = std::from_chars(t.data(), end, real); e == std::errc() && p == end)
      return real;
    return t;
  }

  static void add(almagest::Header& header, std::string const& name, Node const& node,
                  bool as_text) {
    if (!node.text)
      for (Node const& item : node.items) header.append({name, value(item, as_text), ""});
    else
      header.append({name, value(node, as_text), ""});
  }
  static void add_typed(almagest::Header& header, Node const& card) {
    if (card.items.size() != 4) throw std::runtime_error("a card has no four items");
    add(header, *card.items[0].text, card.items[2], *card.items[1].text == "String");
  }
  void add_entry(almagest::Header& header) {
    auto const colon = text_.find(": ", at_), end = text_.find(":\n", at_);
    auto const stop = std::min(colon, end);
    std::string const name = text_.substr(at_, stop - at_);
    at_ = stop + 1;
    add(header, name, node(1), false);
  }

  bool skip_blank_lines() {
    while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '#'))
      at_ = text_[at_] == '#' ? text_.find('\n', at_) : at_ + 1;
    return at_ < text_.size();
  }
  void blanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  void white() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  std::size_t column() const {
    auto const start = at_ == 0 ? std::string::npos : text_.rfind('\n', at_ - 1);
    return at_ - (start == std::string::npos ? 0 : start + 1);
  }

  Node block_list(std::size_t indent) {
    Node list;
    while (at_ < text_.size() && column() == indent && text_.compare(at_, 2, "- ") == 0) {
      at_ += 2;
      blanks();
      list.items.push_back(node(indent + 1));
      while (at_ < text_.size() && text_[at_] == '\n') ++at_;
      std::size_t const line = at_;
      blanks();
      if (column() < indent || at_ >= text_.size() || column() > indent) {
        at_ = line + (column() > indent ? 0 : std::min(indent, column()));
        if (column() != indent || text_.compare(at_, 2, "- ") != 0) {
          at_ = line;
          blanks();
          break;
        }
      }
    }
    return list;
  }

  Node node(std::size_t indent) {
    blanks();
    char const c = at_ < text_.size() ? text_[at_] : '\n';
    if (c == '[') return flow_list();
    if (c == '\'' || c == '"') return quoted();
    if (c == '-' && text_.compare(at_, 2, "- ") == 0) return block_list(column());
    return plain(indent);
  }

  Node flow_list() {
    Node list;
    ++at_;
    for (;;) {
      white();
      if (text_[at_] == ']') break;
      char const c = text_[at_];
      if (c == '[')
        list.items.push_back(flow_list());
      else if (c == '\'' || c == '"')
        list.items.push_back(quoted());
      else
        list.items.push_back(plain_in_flow());
      white();
      if (text_[at_] == ',') ++at_;
    }
    ++at_;
    return list;
  }

  Node plain_in_flow() {
    std::string t;
    while (text_[at_] != ',' && text_[at_] != ']') t += text_[at_++];
    return {folded(t), false, {}};
  }

  Node quoted() {
    char const quote = text_[at_++];
    std::string t;
    for (;; ++at_) {
      if (text_[at_] == '\\' && quote == '"') {
        t += text_[++at_];
      } else if (text_[at_] == quote) {
        if (quote == '\'' && at_ + 1 < text_.size() && text_[at_ + 1] == '\'')
          ++at_;
        else
          break;
        t += quote;
      } else {
        t += text_[at_];
      }
    }
    ++at_;
    return {t, true, {}};
  }

  /// To the end of the line, and on over the lines that are indented deeper.
  Node plain(std::size_t indent) {
    std::string t;
    for (;;) {
      auto end = text_.find('\n', at_);
      if (end == std::string::npos) end = text_.size();
      t += text_.substr(at_, end - at_) + ' ';
      at_ = end;
      std::size_t next = end;
      while (next < text_.size() && text_[next] == '\n') ++next;
      std::size_t depth = 0;
      while (next + depth < text_.size() && text_[next + depth] == ' ') ++depth;
      if (next >= text_.size() || depth <= indent || text_.compare(next + depth, 2, "- ") == 0)
        break;
      at_ = next + depth;
    }
    return {folded(t), false, {}};
  }

  static std::string folded(std::string const& t) {
    std::string result;
    for (char const c : t) {
      bool const space = std::isspace(static_cast<unsigned char>(c)) != 0;
      if (!space)
        result += c;
      else if (!result.empty() && result.back() != ' ')
        result += ' ';
    }
    if (!result.empty() && result.back() == ' ') result.pop_back();
    return result;
  }

  std::string text_;
  std::size_t at_ = 0;
};

inline almagest::Header from_json(std::string const& text) {
  almagest::Header header;
  nlohmann::json const cards = nlohmann::json::parse(text);
  for (auto const& [name, value] : cards.items()) {
    std::optional<almagest::Value> card;
    if (value.is_boolean()) card = value.get<bool>();
    if (value.is_number_integer()) card = value.get<std::int64_t>();
    if (value.is_number_float()) card = value.get<double>();
    if (value.is_string()) card = value.get<std::string>();
    header.append({name, card, ""});
  }
  return header;
}

inline almagest::Header from_cards(std::string const& text) {
  almagest::Header header;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t const end = std::min(text.find('\n', at), text.size());
    std::string const line = text.substr(at, end - at);
    at = end + 1;
    if (line.size() < 10 || line.compare(8, 2, "= ") != 0) continue;
    std::string const name = line.substr(0, line.find_first_of(" ="));
    std::string rest = line.substr(10);
    rest.erase(0, rest.find_first_not_of(' '));
    if (rest.starts_with('\'')) {
      std::string value = rest.substr(1, rest.find('\'', 1) - 1);
      value.erase(value.find_last_not_of(' ') + 1);
      header.append({name, value, ""});
      continue;
    }
    std::string const word = rest.substr(0, rest.find_first_of(" /"));
    std::int64_t whole = 0;
    char const* const last = word.data() + word.size();
    if (word == "T" || word == "F")
      header.append({name, word == "T", ""});
    else if (auto [p, e] = std::from_chars(word.data(), last, whole); e == std::errc() && p == last)
      header.append({name, whole, ""});
    else
      header.append({name, std::strtod(word.c_str(), nullptr), ""});
  }
  return header;
}

inline almagest::Header read(fs::path const& path) {
  std::string const text = contents(path);
  almagest::Header header = path.extension() == ".json"  ? from_json(text)
                            : path.extension() == ".hdr" ? from_cards(text)
                                                         : Yaml(text).read();
  header.set_origin(path.filename().string());
  return header;
}

}  // namespace header_files
