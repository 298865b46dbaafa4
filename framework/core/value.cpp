#include "almagest/value.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace almagest {
namespace {

/// The shortest digits that round-trip, always with a point or an exponent, so that the text reads
/// back as a float (in TOML too); `inf`, `-inf`, `nan`.
///
/// Plain notation from 1e-4 up to 1e16, an exponent beyond, as Python prints its floats.
std::string number_text(double v) {
  if (std::isnan(v)) return "nan";
  if (std::isinf(v)) return v < 0 ? "-inf" : "inf";

  double const magnitude = std::abs(v);
  bool const plain = magnitude == 0.0 || (magnitude >= 1e-4 && magnitude < 1e16);
  std::array<char, 32> buffer;  // 17 digits, sign, point, and an exponent or leading zeros
  char* const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), v,
                                  plain ? std::chars_format::fixed : std::chars_format::scientific)
                        .ptr;
  std::string text(buffer.data(), end);
  if (plain && text.find('.') == std::string::npos) text += ".0";
  return text;
}

struct ToText {
  std::string operator()(bool v) const { return v ? "true" : "false"; }
  std::string operator()(std::int64_t v) const { return std::to_string(v); }
  std::string operator()(double v) const { return number_text(v); }
  std::string operator()(std::string const& v) const { return v; }
};

}  // namespace

std::string to_string(Value const& value) {
  return std::visit(ToText{}, value);
}

char const* type_name(Value const& value) {
  constexpr char const* names[] = {"bool", "integer", "float", "string"};
  return names[value.index()];
}

}  // namespace almagest
