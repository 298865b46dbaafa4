#include "repository/json.hpp"

#include <fmt/format.h>

namespace almagest {

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

}  // namespace almagest
