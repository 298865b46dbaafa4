#pragma once

#include <span>
#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"

namespace detection {

/// How many taps a matched Gaussian gets: K = 2·(int(reach·sigma + 0.5)/2) + 1, always odd
/// (science document, section 3, with reach = 7).
///
/// \param sigma  width of the Gaussian [pixel]
/// \param reach  full width of the kernel in units of sigma
int kernel_width(double sigma, double reach);

/// A Gaussian sampled at whole pixels, −width/2 … width/2, with sum 1.
///
/// \param sigma  [pixel]; \param width  number of taps, odd
std::vector<double> gaussian_taps(double sigma, int width);

/// The pixels whose kernel lies wholly inside the image: the image's box without width/2 pixels all
/// round.
almagest::Box smoothed_box(almagest::Box const& image, int width);

/// Convolves some rows of an image with the same symmetric taps along x and then along y.
///
/// Both sums run in double, and each result is stored as float (section 10, item 4). A pixel that
/// is not finite counts as 0, the sky: it must not spoil its neighbours.
///
/// \param taps      symmetric, odd in number
/// \param begin,end rows of `smoothed` to fill, as array indices; calls with different rows may run
///                  at once
/// \param smoothed  an image over smoothed_box()
void smooth_rows(almagest::Image<float> const& image, std::span<double const> taps, int begin,
                 int end, almagest::Image<float>& smoothed);

}  // namespace detection
