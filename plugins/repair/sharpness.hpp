#pragma once

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"

namespace repair {

/// How the light of a star falls off from its peak to the next pixels: the mean of each pair of
/// opposite neighbours over the peak, where the PSF is centred on a pixel.
struct PsfRatios {
  double row, column, rising, falling;  ///< left and right; below and above; the two diagonals
};
/// \param kernel  centred on (0, 0), as Psf::kernel() gives it. \throws DataError when its peak is
/// not positive or it is smaller than 3 x 3
PsfRatios psf_ratios(almagest::Image<double> const& kernel);

/// How sharp a pixel must be to be no part of a star.
struct SharpnessLimits {
  double sigmas;        ///< above the mean of a pair of neighbours, in units of the pixel's noise
  double psf_fraction;  ///< a pair's share of the pixel, over that of the PSF
  double noise_margin;  ///< by which pixel and pair may be off [sigma]
};

/// Tells pixels that rise more steeply than the PSF does (science document, section 9): for one
/// pair of opposite neighbours p > mean + sigmas·√v; and for one (the same or another), with p and
/// mean above the background, f·R·(p − m·δp) > mean + m·δmean, R the PSF's ratio, f the fraction
/// and m the margin.
///
/// Holds references: the image may change between calls.
class Sharpness {
 public:
  Sharpness(almagest::Image<float> const& image, almagest::Image<float> const& variance,
            PsfRatios const& psf, double background)
      : image_(image), variance_(variance), psf_(psf), background_(background) {}

  /// \param x, y  array indices; a pair that is partly outside the image says nothing
  bool operator()(int x, int y, SharpnessLimits const& limits) const noexcept;

 private:
  almagest::Image<float> const& image_;
  almagest::Image<float> const& variance_;
  PsfRatios psf_;
  double background_;
};

}  // namespace repair
