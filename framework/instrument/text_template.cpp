#include "instrument/text_template.hpp"

#include <fmt/format.h>

#include <charconv>

#include "almagest/error.hpp"
#include "instrument/header_cards.hpp"
#include "instrument/number_text.hpp"

namespace almagest {
namespace {

constexpr int widest = 64;

/// A number at the front of the text, or `absent`.
int take_number(std::string_view& text, int absent) {
  int number = absent;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc()) text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

}  // namespace

std::optional<TextTemplate::Piece> TextTemplate::read_place(std::string_view place) {
  auto const colon = place.find(':');
  Piece piece;
  piece.name = place.substr(0, colon);
  if (piece.name.empty()) return std::nullopt;
  if (colon == std::string_view::npos) return piece;
  std::string_view rest = place.substr(colon + 1);
  if (rest.starts_with('-')) return std::nullopt;
  piece.zeros = rest.starts_with('0');
  piece.width = take_number(rest, 0);
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    piece.digits = take_number(rest, -1);
  }
  if (rest.size() != 1 || std::string_view("dfs").find(rest[0]) == std::string_view::npos)
    return std::nullopt;
  piece.form = rest[0];
  bool const sound =
      piece.width <= widest && piece.digits <= widest && (piece.form == 'f') == (piece.digits >= 0);
  return sound ? std::optional(piece) : std::nullopt;
}

TextTemplate TextTemplate::parse(ConfigValue const& text, Problems& problems) {
  TextTemplate result;
  if (!text.is_string()) {
    problems.add(text.where, std::string("wants a text with {NAME}, got ") + text.type_name());
    return result;
  }
  result.text_ = text.string();
  std::string_view rest = result.text_;
  std::string literal;
  auto const fail = [&](std::string const& what) {
    problems.add(text.where, "'" + result.text_ + "': " + what);
    return result;
  };
  while (!rest.empty()) {
    char const c = rest.front();
    if ((c == '{' || c == '}') && rest.size() > 1 && rest[1] == c) {
      literal += c;
      rest.remove_prefix(2);
    } else if (c == '}') {
      return fail("a '}' without '{'");
    } else if (c == '{') {
      auto const end = rest.find('}');
      if (end == std::string_view::npos) return fail("a '{' is not closed");
      auto piece = read_place(rest.substr(1, end - 1));
      if (!piece) return fail("there is no sense in " + std::string(rest.substr(0, end + 1)));
      piece->literal = std::exchange(literal, {});
      result.pieces_.push_back(*std::move(piece));
      rest.remove_prefix(end + 1);
    } else {
      literal += c;
      rest.remove_prefix(1);
    }
  }
  Piece tail;
  tail.literal = std::move(literal);
  result.pieces_.push_back(std::move(tail));
  return result;
}

std::string TextTemplate::format(Piece const& piece, Value const& value) {
  if (piece.form == 's') return fmt::format("{:{}}", to_string(value), piece.width);
  if (piece.form == 'd') {
    auto const number = std::get<std::int64_t>(to_type(value, ValueType::integer));
    return piece.zeros ? fmt::format("{:0{}d}", number, piece.width)
                       : fmt::format("{:{}d}", number, piece.width);
  }
  auto const number = std::get<double>(to_type(value, ValueType::real));
  return piece.zeros ? fmt::format("{:0{}.{}f}", number, piece.width, piece.digits)
                     : fmt::format("{:{}.{}f}", number, piece.width, piece.digits);
}

std::optional<std::string> TextTemplate::fill(Lookup const& lookup) const {
  std::string result;
  for (Piece const& piece : pieces_) {
    result += piece.literal;
    if (piece.name.empty()) continue;
    std::optional<Value> const value = lookup(piece.name);
    if (!value) return std::nullopt;
    try {
      result += format(piece, *value);
    } catch (DataError const& e) {
      throw DataError(piece.name + " = " + e.what());
    }
  }
  return result;
}

std::vector<std::string> TextTemplate::names() const {
  std::vector<std::string> names;
  for (Piece const& piece : pieces_)
    if (!piece.name.empty()) names.push_back(piece.name);
  return names;
}

}  // namespace almagest
