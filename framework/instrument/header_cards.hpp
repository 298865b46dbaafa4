#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "almagest/error.hpp"
#include "almagest/header.hpp"

namespace almagest {

/// What is wrong with a header, said with the card's name and value.
class CardError : public DataError {
 public:
  using DataError::DataError;
};

/// The cards of a file's headers as one table: the first HDU that gives a card a value wins.
///
/// A card without a value, and a blank text, count as absent. The headers must outlive the table.
class HeaderCards {
 public:
  /// \param hdus  the HDUs that count, in this order; empty = all
  HeaderCards(std::span<Header const> headers, std::span<std::size_t const> hdus);

  /// The value, or nullptr. \throws CardError for a number that is not finite, and for a text of
  /// more than 1024 characters: no camera means anything by it
  Value const* find(std::string_view card) const;
  bool has(std::string_view card) const noexcept { return look_up(card) != nullptr; }
  /// The value as a text, "" when it is absent.
  std::string text(std::string_view card) const;
  /// What stands behind the prefix in the name of the card that has this value: "00001" for
  /// PKG00001. None when there is no such card; of several the one that sorts first.
  std::optional<std::string> number_behind(std::string_view prefix, std::string_view value) const;
  /// Puts a value over that of the headers; a blank text takes the card away.
  void set(std::string const& card, Value value);
  /// `card EXPTIME = 'abc'` or `card EXPTIME (missing)`, for messages.
  std::string describe(std::string_view card) const;
  /// The file, for messages.
  std::string const& origin() const noexcept { return origin_; }

 private:
  Value const* look_up(std::string_view card) const noexcept;

  std::unordered_map<std::string_view, Value const*> cards_;
  std::map<std::string, Value, std::less<>> changed_;
  std::string origin_;
};

/// A text without anything but blanks.
bool is_blank(std::string_view text) noexcept;
/// Without the blanks at both ends.
std::string_view trimmed(std::string_view text) noexcept;
/// A value for a message: texts in quotes, cut to 60 characters, anything unprintable as '?'.
std::string shown(Value const& value);

}  // namespace almagest
