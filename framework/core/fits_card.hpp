#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "almagest/header.hpp"

namespace almagest::fits {

inline constexpr std::size_t card_size = 80;
inline constexpr std::size_t block_size = 2880;

/// Reads header records of 80 characters each (END left out). Strings continued on CONTINUE cards
/// are put together. A value that is no FITS value is kept as a string, so that asking for it as
/// a number names the card.
Header parse_cards(std::string_view records, std::string origin);

/// Appends a card as one record, or as several when its text is long (CONTINUE, repeated COMMENT).
/// Names that FITS does not know become HIERARCH cards; a comment that does not fit is cut. NaN
/// and infinity, which FITS cannot write, become cards without a value.
///
/// \throws DataError when the name is too long for any card
void append_card(std::string& records, Header::Card const& card);

/// Appends END and fills the last block with blanks.
void append_end(std::string& records);

/// Whether the whole comment finds room on the card's record.
bool comment_fits(Header::Card const& card);

/// The cards that describe an HDU's layout, and so belong to the writer and not to the header of a
/// product: NAXIS, BSCALE, TFORM3, CHECKSUM, ZCMPTYPE, EXTNAME …
bool is_structural(std::string_view name);

/// Splits "TFORM12" into "TFORM" and 12; 0 when there is no number.
std::pair<std::string_view, int> split_numbered(std::string_view name);

/// A value by the rules of FITS: T, F, integer, float with E or D; none when it is none of these.
std::optional<Value> parse_number_or_logical(std::string_view token);

}  // namespace almagest::fits
