#pragma once

#include "almagest/exposure.hpp"
#include "almagest/fits.hpp"

namespace almagest {

/// One row per flux algorithm: its name and its polynomial.
fits::Table aperture_correction_table(ApertureCorrectionMap const& corrections);

/// \throws DataError when a row is no polynomial, or a name stands twice
ApertureCorrectionMap aperture_corrections_of(fits::Table const& table);

}  // namespace almagest
