#pragma once

#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"

namespace repair {

/// Pixels of some rows that stand out: those above the mean of at least one of the four pairs of
/// opposite neighbours by more than `sigmas` times their own noise (science document, section 9).
///
/// This is the quick test, which nearly all pixels of a frame fail. Pixels without a neighbour on
/// one side are measured by the pairs that they have; NaN and pixels without a positive variance
/// never stand out.
///
/// \param first, end  rows first … end − 1 (array indices)
/// \param found       array indices are appended, row by row
void find_outstanding(almagest::Image<float> const& image, almagest::Image<float> const& variance,
                      double sigmas, int first, int end, std::vector<almagest::Pixel>& found);

}  // namespace repair
