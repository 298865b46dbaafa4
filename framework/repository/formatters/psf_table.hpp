#pragma once

#include "almagest/fits.hpp"
#include "almagest/psf.hpp"

namespace almagest {

/// A PSF's state as a table of one row, an array per column; PSFTYPE names the type.
fits::Table psf_table(PsfState const& state);

/// \throws DataError when the table does not hold one row of arrays
PsfState psf_state(fits::Table const& table);

}  // namespace almagest
