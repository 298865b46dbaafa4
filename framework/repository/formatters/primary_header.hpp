#pragma once

#include <string>
#include <string_view>

#include "almagest/formatter.hpp"
#include "almagest/header.hpp"

/// The primary header of a stored product: cards of the file format first, then, after the card
/// METADATA, the product's own ones.
namespace almagest {

/// PRODUCT, the data ID as pairs IDKEYn and IDVALn, and FAILSTEP when an older version of the
/// product stands in for one that a step failed to make.
Header product_header(std::string_view product_id, Formatter::WriteRequest const& request);

/// The data ID that product_header() has written; empty when there is none. \throws DataError when
/// a value is missing
DataId data_id_of(Header const& header);

/// Appends METADATA and the cards; left out are those whose name the header has already.
void append_metadata(Header& header, Header const& metadata);

/// The cards behind METADATA; all cards in a file that has no such card.
Header metadata_of(Header const& header);

/// An angle as a card in degrees, which astronomers read, and a second one with what the rounding
/// of radians to degrees loses: together they give back the same bits.
///
/// \param name  at most 6 characters of FITS' choice; the second card is `name` + "LO"
void set_angle(Header& header, std::string const& name, double radians, std::string const& text);
/// NaN when the card is absent. [rad]
double angle_or_nan(Header const& header, std::string const& name);

/// The card as an int. \throws DataError when it is absent or does not fit
int int_card(Header const& header, std::string_view name);

}  // namespace almagest
