#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "almagest/error.hpp"
#include "almagest/value.hpp"

namespace almagest {

/// The path of a dataset below a repository, with the data ID's values to be filled in:
/// `{run}/corr/{camcol}/fpC-{run:06d}-{filter}{camcol}-{field:04d}.fit.gz`.
///
/// A placeholder is `{name}` or `{name:format}`; the formats are `d`, `6d`, `06d` (also `06`) for
/// integers, `s` for anything, and those of utc_text() for times: `{begin:%Y-%m-%d}` is the UTC
/// date. `{{` and `}}` are braces. Values are confined: none of them can lead out of the directory
/// that it is put into.
class PathTemplate {
 public:
  /// \throws ConfigError when the text is no relative path, or a placeholder cannot be read
  static PathTemplate parse(std::string_view text, Where const& where);

  using Lookup = std::function<std::optional<Value>(std::string const& name)>;

  /// \throws DataError when a value is absent, does not fit its format, or may not stand in a path
  /// (empty, with '/', '..' or a control character, or beginning with '-'); the message quotes it
  std::filesystem::path expand(Lookup const& value_of) const;

  /// The text with each placeholder replaced, whatever its format. Two templates of one shape may
  /// name one file.
  std::string shape(std::function<std::string(std::string const& name)> const& replaced) const;

  /// The placeholders' names, in their order, each once.
  std::vector<std::string> const& names() const noexcept { return names_; }
  std::string const& text() const noexcept { return text_; }

 private:
  struct Piece {
    std::string text;  ///< literal text, or the placeholder's name
    bool placeholder = false;
    bool integer = false;
    bool zero_filled = false;
    int width = 0;
    std::string time_format;  ///< not empty: the value is a time
  };
  static Piece parse_placeholder(std::string_view inside, Where const& where);
  void refuse_escape(Where const& where) const;
  std::string expand(Piece const& piece, Lookup const& value_of) const;

  std::string text_;
  std::vector<Piece> pieces_;
  std::vector<std::string> names_;
};

/// The value as a part of a path. \throws DataError when it may not stand in one
std::string confined(std::string_view name, Value const& value);

/// The text with everything unprintable made visible: a file's name in a line of a log.
std::string printable(std::string_view text);

}  // namespace almagest
