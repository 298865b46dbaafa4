#pragma once

#include <span>
#include <string>
#include <vector>

#include "almagest/chebyshev.hpp"
#include "almagest/geometry.hpp"
#include "almagest/statistics.hpp"

/// The sky as a smooth function through clipped means on a mesh; science document, section 2.1 with
/// item 1 of section 10.
namespace background {

/// Divides an image into n = size/bin_size + 1 cells along each axis; cell i begins at
/// (i·size + n/2)/n, all in integer arithmetic.
///
/// \param bin_size  [pixel], at least 1
/// \returns the cells' boxes, row by row; they cover the image and do not overlap
std::vector<almagest::Box> mesh_cells(almagest::Box const& image, int bin_size);

/// What one cell says of the sky.
struct CellLevel {
  almagest::Box box;
  almagest::ClippedStatistics sky;
};

/// How much a cell counts in the fit.
enum class Weight {
  uniform,
  inverse_variance,  ///< 1/error², what least squares asks for
  inverse_error      ///< 1/error: the LSST stack stores the error where it expects a variance
};

/// \throws ConfigError for a name that is none of "uniform", "inverse_variance", "inverse_error"
Weight weight_of_name(std::string const& name);

/// Fits Σ c(i,j) T_i T_j, i + j ≤ order, through the cells' means, placed at the cells' centres
/// (origin + size/2 − 0.5, a real division).
///
/// The order is lowered to one less than the cells along the shorter axis, and further until the
/// cells determine every term. When a cell has no error (a constant sky), all weigh the same.
/// \param image  the box over which the function is defined
/// \param cells  those with usable pixels
/// \throws DataError when there is no cell
almagest::Chebyshev2 fit_mesh(almagest::Box const& image, int bin_size, int order, Weight weight,
                              std::span<CellLevel const> cells);

}  // namespace background
