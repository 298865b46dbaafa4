#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/footprint.hpp"
#include "almagest/task.hpp"

namespace detection {

/// Finds sources above a threshold in the image smoothed by a Gaussian as wide as the PSF.
class Threshold final : public almagest::Task {
 public:
  void prepare(almagest::Setup& setup) override;
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  template <class T>
  using Param = almagest::Param<T>;

  Param<double> threshold =
      Param<double>{*this, "threshold", 5.0,
                    "Least value of a footprint's pixels, in scatters of the smoothed image "
                    "[sigma]"}
          .within(0.1, 1e6);
  Param<double> multiplier =
      Param<double>{*this, "multiplier", 1.0,
                    "A footprint needs one pixel of this many times the threshold; 10 keeps bright "
                    "sources only"}
          .within(1.0, 1e6);
  Param<double> grow =
      Param<double>{*this, "grow", 2.4, "How far footprints grow, in widths of the PSF [sigma]"}
          .within(0.0, 100.0);
  Param<double> kernel_reach =
      Param<double>{*this, "kernel_reach", 7.0,
                    "Full width of the smoothing kernel, in widths of the PSF [sigma]"}
          .within(1.0, 20.0);
  Param<std::vector<double>> psf_position{
      *this,
      "psf_position",
      {},
      "Where the PSF's width is taken, x and y; empty: the image's centre. The LSST stack takes "
      "the "
      "origin (0, 0), because its PSF model calls that its average position [pixel]"};
  Param<bool> negative{
      *this, "negative", true,
      "Also find holes, and set DETECTED_NEGATIVE there: a background that follows "
      "leaves them out"};
  Param<std::vector<std::string>> ignore{
      *this,
      "ignore",
      {"BAD", "SAT", "EDGE", "NO_DATA"},
      "Mask planes whose pixels, with what the smoothing spreads of them, do not count for the "
      "scatter"};

  almagest::In<almagest::Exposure> input{*this, "exposure",
                                         "Background-subtracted image with a PSF"};
  almagest::Out<almagest::Exposure> output{
      *this, "exposure", "The same with DETECTED, DETECTED_NEGATIVE and EDGE set in its mask"};
  almagest::Out<almagest::FootprintSet> footprints{*this, "footprints",
                                                   "The sources' pixels and peaks"};

  almagest::Metric<double> level{*this, "detection_threshold", "adu",
                                 "Threshold in the smoothed image"};
  almagest::Metric<double> psf_sigma{*this, "psf_sigma", "pixel",
                                     "Width of the PSF at psf_position, det^(1/4)"};
  almagest::Metric<std::int64_t> found{*this, "footprints", "", "Footprints found"};
  almagest::Metric<std::int64_t> peaks{*this, "peaks", "", "Peaks in them"};
};

}  // namespace detection
