#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "almagest/config_value.hpp"
#include "almagest/geometry.hpp"
#include "almagest/header.hpp"

/// Numbers and sections that camera.toml gives, or leaves to the cards of a file's headers.
namespace almagest {

/// The headers in which an amplifier's cards stand: its own HDU's first, then the primary one.
struct CardSource {
  Header const& own;
  Header const& primary;
  /// nullptr when absent, without a value, or a blank text
  Value const* find(std::string_view card) const noexcept;
};

/// `gain = 1.4`, `gain = "GAIN"` or `gain = { key = "GAIN", default = 1.4, scale = 1 }`.
struct CardNumber {
  std::string card;              ///< "" = none
  std::optional<double> absent;  ///< without the card, and where no file is at hand
  double scale = 1.0;            ///< of the card's value

  /// NaN when neither is there. \throws DataError naming card and origin for a value that is no
  /// finite number, or when the card is absent and has no default
  double value(CardSource const& cards) const;
  double without_file() const noexcept;
};

/// \returns none when the value is of another form; that has become a problem
std::optional<CardNumber> read_card_number(ConfigValue const& value, Problems& problems);

/// A FITS section, columns and rows counted from 1, last ones included; 0 = `*`, as far as the
/// image reaches.
struct FitsSection {
  int x1 = 0, x2 = 0, y1 = 0, y2 = 0;
  bool reversed_x() const noexcept { return x2 != 0 && x1 > x2; }
  bool reversed_y() const noexcept { return y2 != 0 && y1 > y2; }
  /// "[1:512,1:*]"
  std::string str() const;
};

/// "[1:512,1:2000]", "[513:*,1:2000]", "[*,1:2]"; none for any other text.
std::optional<FitsSection> parse_section(std::string_view text);

/// A section that camera.toml gives as it is, or by the names of cards:
/// `"[1:512,1:*]"`, `"DATASEC"`, `["X1", "X2", "Y1", "Y2"]`, `{ key = …, default = "[…]" }`.
class SectionRule {
 public:
  SectionRule() = default;
  explicit SectionRule(FitsSection section) : absent_(section), given_(true) {}

  /// Whether camera.toml says anything of it.
  bool given() const noexcept { return given_; }
  /// Where no file is at hand.
  std::optional<FitsSection> without_file() const noexcept { return absent_; }
  /// None when it is not given. \throws DataError naming card and origin when the card is absent
  /// and has no default, or holds no section
  std::optional<FitsSection> section(CardSource const& cards) const;

 private:
  friend std::optional<SectionRule> read_section_rule(ConfigValue const&, Problems&);
  void read_literal(ConfigValue const& text, Problems& problems);
  void read_key(ConfigValue const& names, Problems& problems);
  std::optional<FitsSection> from_card(CardSource const& cards) const;
  std::optional<FitsSection> from_edges(CardSource const& cards) const;

  std::string card_;
  std::array<std::string, 4> edges_;
  std::optional<FitsSection> absent_;
  bool given_ = false;
};

/// \returns none when the value is of another form; that has become a problem
std::optional<SectionRule> read_section_rule(ConfigValue const& value, Problems& problems);

/// The pixels of a section in an image of that size; `*` becomes the image's edge. An empty section
/// ("[513:*,…]" of an image with 512 columns) gives an empty box.
/// \param what  for messages: "prescan of amplifier 'C10'"
/// \throws DataError when the section runs backwards or is not inside the image
Box section_box(FitsSection const& section, int width, int height, std::string const& what);

}  // namespace almagest
