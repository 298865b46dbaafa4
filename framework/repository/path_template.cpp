#include "repository/path_template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "repository/calendar.hpp"

namespace almagest {
namespace {

constexpr int widest = 64;            // of a formatted number
constexpr std::size_t longest = 200;  // of a text value; file names end at 255 bytes

bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool is_name(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

/// A value for messages.
std::string visible(std::string_view text) {
  constexpr std::size_t most = 80;
  return "'" + printable(text.substr(0, most)) + (text.size() > most ? "…'" : "'");
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  for (char const c : text)
    result +=
        is_control(c) ? fmt::format("\\x{:02x}", static_cast<unsigned char>(c)) : std::string(1, c);
  return result;
}

std::string confined(std::string_view name, Value const& value) {
  std::string text = to_string(value);
  char const* fault = nullptr;
  if (text.empty())
    fault = "it is empty";
  else if (text.size() > longest)
    fault = "it is too long";
  else if (text.find('/') != std::string::npos)
    fault = "it contains '/'";
  else if (text == "." || text.find("..") != std::string::npos)
    fault = "it leads to another directory";
  else if (text.front() == '-')
    fault = "it begins with '-'";
  else if (std::ranges::any_of(text, is_control))
    fault = "it contains a control character";
  if (fault)
    throw DataError(fmt::format("the value {} of '{}' may not stand in a path: {}", visible(text),
                                name, fault));
  return text;
}

PathTemplate::Piece PathTemplate::parse_placeholder(std::string_view inside, Where const& where) {
  auto const colon = inside.find(':');
  Piece piece;
  piece.placeholder = true;
  piece.text = inside.substr(0, colon);
  if (!is_name(piece.text))
    throw ConfigError(where, fmt::format("'{{{}}}' is no placeholder: want {{name}} or "
                                         "{{name:06d}}",
                                         inside));
  if (colon == std::string_view::npos) return piece;
  std::string_view format = inside.substr(colon + 1);
  if (format == "s") return piece;
  if (format.find('%') != std::string_view::npos) {
    if (!is_time_format(format))
      throw ConfigError(where, fmt::format("'{}' is no format for a time in a path: want %Y %m %d "
                                           "%j %H %M %S, and no '/'",
                                           format));
    piece.time_format = format;
    return piece;
  }
  std::string_view const whole = format;
  if (format.ends_with('d')) format.remove_suffix(1);
  piece.integer = true;
  piece.zero_filled = format.starts_with('0');
  if (whole != "d") {
    auto const [end, error] =
        std::from_chars(format.data(), format.data() + format.size(), piece.width);
    if (error != std::errc() || end != format.data() + format.size() || piece.width < 0 ||
        piece.width > widest)
      throw ConfigError(where, fmt::format("'{}' is no format for a path: want d, 6d, 06d, s or a "
                                           "date as %Y-%m-%d",
                                           whole));
  }
  return piece;
}

PathTemplate PathTemplate::parse(std::string_view text, Where const& where) {
  PathTemplate result;
  result.text_ = text;
  std::string literal;
  auto const flush = [&] {
    if (!literal.empty())
      result.pieces_.push_back({std::exchange(literal, {}), false, false, false, 0, {}});
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
      literal += c;
      ++i;
    } else if (c == '{') {
      auto const end = text.find('}', i);
      if (end == std::string_view::npos)
        throw ConfigError(where, fmt::format("path '{}' has '{{' without '}}'", text));
      flush();
      result.pieces_.push_back(parse_placeholder(text.substr(i + 1, end - i - 1), where));
      auto& names = result.names_;
      if (std::ranges::find(names, result.pieces_.back().text) == names.end())
        names.push_back(result.pieces_.back().text);
      i = end;
    } else if (c == '}') {
      throw ConfigError(where, fmt::format("path '{}' has '}}' without '{{'", text));
    } else {
      literal += c;
    }
  }
  flush();
  result.refuse_escape(where);
  return result;
}

void PathTemplate::refuse_escape(Where const& where) const {
  // Values hold no '/', so the components of the path are those of the template.
  std::string const path = shape([](std::string const&) { return "x"; });
  bool good = !path.empty() && path.front() != '/' && path.back() != '/' &&
              path.find("//") == std::string::npos && std::ranges::none_of(path, is_control);
  for (auto const& part : std::filesystem::path(path))
    good = good && part != ".." && part != "." && !part.empty();
  if (!good)
    throw ConfigError(where, "path " + visible(text_) +
                                 " must be relative, name a file, and stay below "
                                 "its directory");
}

std::string PathTemplate::shape(
    std::function<std::string(std::string const& name)> const& replaced) const {
  std::string text;
  for (Piece const& piece : pieces_) text += piece.placeholder ? replaced(piece.text) : piece.text;
  return text;
}

std::string PathTemplate::expand(Piece const& piece, Lookup const& value_of) const {
  if (!piece.placeholder) return piece.text;
  std::optional<Value> const value = value_of(piece.text);
  if (!value)
    throw DataError(fmt::format("path '{}' needs '{}', which is not known", text_, piece.text));
  if (!piece.time_format.empty()) try {
      return utc_text(*value, piece.time_format);
    } catch (DataError const&) {
      throw DataError(fmt::format("path '{}' wants a time for '{}', got {}", text_, piece.text,
                                  visible(to_string(*value))));
    }
  if (!piece.integer) return confined(piece.text, *value);
  auto const* number = std::get_if<std::int64_t>(&*value);
  if (!number)
    throw DataError(fmt::format("path '{}' wants an integer for '{}', got {} {}", text_, piece.text,
                                type_name(*value), visible(to_string(*value))));
  confined(piece.text, *value);  // refuses a negative number
  return piece.zero_filled ? fmt::format("{:0{}d}", *number, piece.width)
                           : fmt::format("{:{}d}", *number, piece.width);
}

std::filesystem::path PathTemplate::expand(Lookup const& value_of) const {
  std::string path;
  for (Piece const& piece : pieces_) path += expand(piece, value_of);
  for (auto const& part : std::filesystem::path(path))
    if (part == ".." || part == ".")  // '{a}{b}' with two values of one dot each
      throw DataError("path " + visible(path) + " leads to another directory");
  return path;
}

}  // namespace almagest
