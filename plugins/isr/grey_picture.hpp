#pragma once

#include "almagest/mask.hpp"
#include "almagest/picture.hpp"

namespace isr {

/// Means of bin × bin pixels, without those that are NaN or infinite; NaN where none is left. The
/// last bins of rows and columns may be smaller.
almagest::Image<float> binned(almagest::Image<float> const& image, int bin);

/// The pixels of the binned mask: all bits of their pixels.
almagest::Image<almagest::MaskPixel> binned(almagest::Image<almagest::MaskPixel> const& mask,
                                            int bin);

/// Gives each connected region of flagged pixels the greatest value within `border` pixels of it,
/// so that the cores of saturated stars, whatever their pixels hold, are no darker than what
/// surrounds them.
void fill_flagged(almagest::Image<float>& image, almagest::Image<almagest::MaskPixel> const& mask,
                  almagest::MaskPixel bits, int border);

/// Brightness to grey (Lupton et al. 2004): 255·0.1·asinh(Q t)/asinh(0.1 Q) with t = (value −
/// minimum)/range, nearly linear for the first tenth of the range and logarithmic far above; black
/// below the minimum and for NaN.
struct AsinhScale {
  double minimum = 0.0;
  double range = 5.0;
  double q = 20.0;
};
almagest::Picture grey_picture(almagest::Image<float> const& image, AsinhScale const& scale);

}  // namespace isr
