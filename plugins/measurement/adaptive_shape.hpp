#pragma once

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"
#include "almagest/moments.hpp"

#include "weighted_moments.hpp"

namespace measurement {

/// Where the LSST stack departs from the formulas (science document, section 10).
struct ShapeQuirks {
  bool sum_subpixels = false;  ///< places in a pixel are added, not averaged: in errors alone
  bool unweighted_subpixels = false;  ///< plain moments too are taken over the places in a pixel
};

/// The shape of a source, and what went wrong on the way.
struct Shape {
  almagest::Quadrupole moments;  ///< [pixel²]; NaN when nothing could be measured
  almagest::Quadrupole errors;   ///< standard deviations [pixel²], NaN for plain moments
  almagest::Point centroid;      ///< the weighted centroid, parent frame
  bool unweighted = false;       ///< the iteration failed: plain moments in its last box
  bool unweighted_bad = false;   ///< these failed too
  bool shifted = false;          ///< in some pass the weighted centroid was more than 2 pixels off
  bool many_passes = false;      ///< 100 passes did not suffice
  bool bad_pixels = false;       ///< under the last weight, a pixel that is not finite counted as 0
  bool failed() const noexcept {
    return unweighted || unweighted_bad || shifted || many_passes || bad_pixels;
  }
};

/// Adaptive Gaussian moments: the elliptical Gaussian weight that has the size of the source itself
/// (Bernstein & Jarvis 2002, section 3; science document section 4 "SdssShape").
///
/// The errors come from the Fisher matrix of a Gaussian's amplitude and moments. `errors.xy` and
/// `errors.yy` are what their names say; the LSST stack exchanges the two.
/// \param image     background-subtracted counts
/// \param variance  of the same box
/// \param centre    the centroid, parent frame, inside the image
Shape adaptive_shape(almagest::Image<float> const& image, almagest::Image<float> const& variance,
                     almagest::Point centre, ShapeQuirks const& quirks = {});

}  // namespace measurement
