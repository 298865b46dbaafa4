#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "almagest/instrument.hpp"
#include "almagest/source_catalog.hpp"

namespace almagest {

/// The catalogue of one frame, with the frame's data ID.
struct FrameCatalog {
  DataId id;
  SourceCatalog catalog;
};

/// Sorts frames by band in the instrument's order, then by the other keys.
void sort_by_band(std::vector<FrameCatalog>& frames, Instrument const& instrument);

/// The blank-separated table of the LSST stack's demo (science document, section 6): a `#` line
/// with the column names, angles in degrees, `-` for a column that the catalogue does not have.
std::string stack_demo_text(std::vector<FrameCatalog> const& frames);

/// All frames in one catalogue: the data-ID keys as columns before the catalogue's own.
/// \throws DataError when two frames have different columns
SourceCatalog joined_catalog(std::vector<FrameCatalog> const& frames, Instrument const& instrument);

/// A header line and one line per row; numbers with the digits that round-trip, flags as 0 and 1.
std::string csv_text(SourceCatalog const& catalog);

}  // namespace almagest
