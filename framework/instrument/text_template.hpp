#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "almagest/config_value.hpp"
#include "almagest/value.hpp"

namespace almagest {

/// A text with places to fill: `{T_BEEID:d}_{T_SDOID:02d}`.
///
/// A place is `{NAME}` or `{NAME:FORMAT}` with the formats `d` (a whole number; texts count that
/// are one), `5d`, `05d`, `.3f` and `s`; `{{` and `}}` are braces.
class TextTemplate {
 public:
  using Lookup = std::function<std::optional<Value>(std::string_view name)>;

  /// What is wrong goes to `problems`.
  static TextTemplate parse(ConfigValue const& text, Problems& problems);

  /// None when a name has no value. \throws DataError when a value does not fit its format
  std::optional<std::string> fill(Lookup const& lookup) const;

  std::string const& text() const noexcept { return text_; }
  std::vector<std::string> names() const;

 private:
  struct Piece {
    std::string literal;  ///< in front of the place
    std::string name;     ///< empty behind the last place
    char form = 's';
    int width = 0;
    bool zeros = false;
    int digits = -1;
  };
  static std::optional<Piece> read_place(std::string_view place);
  static std::string format(Piece const& piece, Value const& value);

  std::string text_;
  std::vector<Piece> pieces_;
};

}  // namespace almagest
