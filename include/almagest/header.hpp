#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "almagest/product.hpp"
#include "almagest/value.hpp"

namespace almagest {

/// The cards of a FITS header, in file order. COMMENT and HISTORY cards may repeat; other names
/// appear once when set through set().
class Header {
 public:
  struct Card {
    std::string name;            ///< upper case; longer than 8 characters is written as HIERARCH
    std::optional<Value> value;  ///< none for COMMENT, HISTORY and undefined values
    std::string comment;         ///< the text itself for COMMENT and HISTORY
    bool operator==(Card const&) const = default;
  };

  std::vector<Card> const& cards() const noexcept { return cards_; }
  bool empty() const noexcept { return cards_.empty(); }
  /// Where this header came from, for messages: "fpC-004192-r4-0300.fit.gz[0]".
  std::string const& origin() const noexcept { return origin_; }
  void set_origin(std::string origin) { origin_ = std::move(origin); }

  bool has(std::string_view name) const noexcept { return find(name) != nullptr; }
  /// The first card's value, or nullptr when the card is absent or has no value.
  Value const* find(std::string_view name) const noexcept;

  /// \throws DataError that names the card and the origin, when absent or of another type.
  /// An integer card is accepted as a number.
  double number(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  std::string const& text(std::string_view name) const;
  bool logical(std::string_view name) const;
  double number_or(std::string_view name, double absent) const;

  /// Replaces the card of that name or appends one.
  void set(std::string_view name, Value value, std::string comment = {});
  /// Appends a card as it is.
  void append(Card card);
  void erase(std::string_view name);

  bool operator==(Header const& other) const { return cards_ == other.cards_; }

 private:
  std::vector<Card> cards_;
  std::string origin_;
};

template <>
struct ProductTraits<Header> {
  static constexpr std::string_view id = "almagest.Header/1";
};

}  // namespace almagest
