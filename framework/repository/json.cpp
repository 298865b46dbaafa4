#include "repository/json.hpp"

#include <fmt/format.h>

#include <charconv>

#include "almagest/error.hpp"

namespace almagest {
namespace {

/// Reads what json_text() writes: one object of texts, numbers and truth values.
class DataIdReader {
 public:
  explicit DataIdReader(std::string_view text) : whole_(text), rest_(text) {}

  DataId read() {
    DataId id;
    expect('{');
    if (!take('}')) {
      do {
        std::string const key = text();
        expect(':');
        id.set(key, value());
      } while (take(','));
      expect('}');
    }
    if (!rest_.empty()) refuse();
    return id;
  }

 private:
  [[noreturn]] void refuse() const {
    throw DataError("'" + std::string(whole_) + "' is no data ID in JSON");
  }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!take(c)) refuse();
  }
  char next() {
    if (rest_.empty()) refuse();
    char const c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  std::string text() {
    expect('"');
    std::string result;
    for (char c = next(); c != '"'; c = next()) {
      if (c != '\\') {
        result += c;
      } else if (char const escaped = next(); escaped == 'u') {
        std::string_view const hex = rest_.substr(0, 4);
        unsigned code = 0;  // of a control character: json_quoted() writes no others so
        auto const read = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
        if (hex.size() < 4 || read.ptr != hex.data() + 4 || code >= 0x20) refuse();
        result += static_cast<char>(code);
        rest_.remove_prefix(4);
      } else {
        result += escaped;
      }
    }
    return result;
  }
  Value value() {
    if (rest_.starts_with('"')) return text();
    std::string_view const word = rest_.substr(0, rest_.find_first_of(",}"));
    rest_.remove_prefix(word.size());
    if (word == "true" || word == "false") return word == "true";
    std::int64_t whole = 0;
    auto const end = word.data() + word.size();
    if (auto const read = std::from_chars(word.data(), end, whole);
        read.ec == std::errc() && read.ptr == end)
      return whole;
    double real = 0;
    auto const read = std::from_chars(word.data(), end, real);
    if (word.empty() || read.ec != std::errc() || read.ptr != end) refuse();
    return real;
  }

  std::string_view whole_, rest_;
};

}  // namespace

std::string json_quoted(std::string_view text) {
  std::string result = "\"";
  for (char const c : text) {
    if (c == '"' || c == '\\')
      result += std::string("\\") + c;
    else if (static_cast<unsigned char>(c) < 0x20)
      result += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    else
      result += c;
  }
  return result + '"';
}

std::string json_text(DataId const& id) {
  std::string result;
  for (auto const& [key, value] : id.items()) {
    auto const* text = std::get_if<std::string>(&value);
    result += (result.empty() ? "{" : ",") + json_quoted(key) + ':' +
              (text ? json_quoted(*text) : to_string(value));
  }
  return result.empty() ? "{}" : result + '}';
}

DataId data_id_of_json(std::string_view text) {
  return DataIdReader(text).read();
}

}  // namespace almagest
