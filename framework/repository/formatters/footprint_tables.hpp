#pragma once

#include <memory>
#include <span>
#include <vector>

#include "almagest/fits.hpp"
#include "almagest/footprint.hpp"

/// Footprints as two flat tables, SPANS and PEAKS, whose rows name the footprint they belong to.
namespace almagest {

/// Writes the footprints; none for a null pointer.
void write_footprints(fits::Writer& writer, std::span<Footprint const* const> footprints);

/// Footprint by footprint; those without spans and peaks are null.
/// \param count  how many there are
/// \throws DataError when a row names no footprint, or a span is impossible
std::vector<std::shared_ptr<Footprint const>> read_footprints(fits::Reader& reader,
                                                              std::size_t count);

}  // namespace almagest
