#pragma once

#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/footprint.hpp"

#include "psf_fit.hpp"

namespace deblend {

struct BlendOptions {
  PsfFitOptions psf_fit;
  float cut_off_level = 0.0F;  ///< a template that ends at a brighter pixel is ramped [adu]
  int smallest_stamp = 2;      ///< a peak with so few pixels around it, either way, is dropped
  bool ramp_last_pixel_only = false;     ///< as the LSST stack does (README.md)
  bool median_skips_column = false;      ///< as the LSST stack does
  bool median_spill = false;             ///< as the LSST stack does
  bool share_inside_parent_box = false;  ///< as the LSST stack does
};

/// One source of a blend.
struct DeblendedSource {
  almagest::Footprint footprint;  ///< one peak, and its share of the light
  bool as_psf = false;
  bool ramped = false;
};

/// Takes a blend apart: a template for each peak, then to each its share of every pixel (science
/// document, section 5, with items 14 to 20 of section 10).
///
/// \param exposure  background-subtracted, with a PSF
/// \param parent    two peaks or more, inside the exposure
/// \returns the sources in the order of the peaks, without those that have too few pixels
/// \throws MeasurementError when the PSF cannot be had at a peak
std::vector<DeblendedSource> deblend_footprint(almagest::Exposure const& exposure,
                                               almagest::Footprint const& parent,
                                               BlendOptions const& options);

}  // namespace deblend
