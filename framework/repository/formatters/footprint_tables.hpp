#pragma once

#include <memory>
#include <span>
#include <vector>

#include "almagest/fits.hpp"
#include "almagest/footprint.hpp"

/// Footprints as flat tables whose rows name the footprint they belong to: SPANS and PEAKS, and
/// HEAVY where footprints have values of their own.
namespace almagest {

/// Writes the footprints; none for a null pointer.
void write_footprints(fits::Writer& writer, std::span<Footprint const* const> footprints);

/// Footprint by footprint; those without spans and peaks are null.
/// \param count  how many there are
/// \throws DataError when a row names no footprint, a span or a peak is impossible, or there is not
/// one value per pixel
std::vector<std::shared_ptr<Footprint>> read_footprints(fits::Reader& reader, std::size_t count);

/// What a deblender says of a set's footprints: the tables CHILDREN and SKIPPED, where there are
/// any.
void write_blends(fits::Writer& writer, FootprintSet const& set);

/// Fills `set.children` and `set.skipped`. \throws DataError when one of them names no parent
void read_blends(fits::Reader& reader, FootprintSet& set);

}  // namespace almagest
