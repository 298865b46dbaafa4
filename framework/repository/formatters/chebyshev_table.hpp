#pragma once

#include <vector>

#include "almagest/chebyshev.hpp"
#include "almagest/fits.hpp"

namespace almagest {

/// One row per model: its box, its orders, its coefficients.
fits::Table chebyshev_table(std::vector<Chebyshev2> const& models);

/// \throws DataError when a row is no model
std::vector<Chebyshev2> chebyshev_models(fits::Table const& table);

}  // namespace almagest
