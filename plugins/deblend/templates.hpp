#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/footprint.hpp"
#include "almagest/task.hpp"

#include "blend.hpp"

namespace deblend {

/// Takes blends apart: each peak gets a template, a PSF where it looks like a star, and its share
/// of the light.
class Templates final : public almagest::Task {
 public:
  void prepare(almagest::Setup& setup) override;
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  template <class T>
  using Param = almagest::Param<T>;

  /// Whether a blend is to be left alone.
  bool too_large(almagest::Footprint const& footprint) const noexcept;
  BlendOptions options(almagest::Exposure const& exposure) const;

  Param<double> chi_squared =
      Param<double>{*this, "chi_squared", 1.5,
                    "A peak is a star when the PSF fits with less than this per degree of freedom"}
          .within(0.0, 1e6);
  Param<std::string> star_positions =
      Param<std::string>{*this, "star_positions", "fitted",
                         "Where stars are looked for: \"fitted\", where all of a blend together "
                         "fit best; \"peaks\", on the peaks and at one shift from there; "
                         "\"peaks_reversed\", the same with the shift to the wrong side of the "
                         "peak, as the LSST stack does"}
          .one_of({"fitted", "peaks", "peaks_reversed"});
  Param<double> ramp_threshold =
      Param<double>{*this, "ramp_threshold", 3.0,
                    "A template whose edge is as bright as this is continued outwards, in noise of "
                    "a pixel [sigma]"}
          .within(0.0, 1e6);
  Param<std::vector<double>> psf_position{
      *this,
      "psf_position",
      {},
      "Where the PSF's width is taken, x and y; empty = the image's centre [pixel]"};
  Param<std::vector<std::string>> ignore{
      *this,
      "ignore",
      {"SAT", "INTRP", "NO_DATA"},
      "Mask planes whose pixels do not count for the noise of a pixel"};

  Param<std::int64_t> max_peaks =
      Param<std::int64_t>{*this, "max_peaks", 0,
                          "A blend of more peaks is left alone; 0 = no limit"}
          .within(0, 1'000'000'000);
  Param<std::int64_t> max_area =
      Param<std::int64_t>{*this, "max_area", 0,
                          "A blend of more pixels is left alone; 0 = no limit [pixel^2]"}
          .within(0, 1'000'000'000);
  Param<std::int64_t> max_size =
      Param<std::int64_t>{*this, "max_size", 0,
                          "A blend whose box has a longer side is left alone; 0 = no limit [pixel]"}
          .within(0, 1'000'000'000);

  // What the LSST stack does although it is wrong.
  Param<bool> refuse_empty_terms{
      *this, "refuse_empty_terms", false,
      "Take no peak for a star that has a neighbour whose PSF ends before the fitted pixels (at 15 "
      "to 20 pixels), as the LSST stack does"};
  Param<bool> ramp_last_pixel_only{
      *this, "ramp_last_pixel_only", false,
      "Continue a template that is cut off from the last edge pixel of each run along a row only, "
      "as the LSST stack does: what the frame's lower or upper side cuts off goes on at the right "
      "end only"};
  Param<bool> median_skips_column{
      *this, "median_skips_column", false,
      "Leave the third column from the right of each template unsmoothed, as the LSST stack does"};
  Param<bool> median_spill{
      *this, "median_spill", false,
      "Count what smoothing brings outside a template's pixels as claimed, though nobody gets it, "
      "as the LSST stack does"};
  Param<bool> share_inside_parent_box{
      *this, "share_inside_parent_box", false,
      "Give templates that were continued outwards no light outside the parent's first box, as "
      "the LSST stack does"};

  almagest::In<almagest::Exposure> exposure_in{*this, "exposure",
                                               "Background-subtracted image with a PSF"};
  almagest::In<almagest::FootprintSet> footprints_in{*this, "footprints",
                                                     "As detected, each with its peaks"};
  almagest::Out<almagest::FootprintSet> footprints_out{
      *this, "footprints", "The same, then the children of each blend with their light"};

  almagest::Metric<std::int64_t> blends{*this, "blends", "", "Blends taken apart"};
  almagest::Metric<std::int64_t> left_alone{*this, "blends_skipped", "",
                                            "Blends left alone because they are too large"};
  almagest::Metric<std::int64_t> children{*this, "children", "", "Sources that they were made of"};
  almagest::Metric<std::int64_t> psf_templates{*this, "psf_templates", "",
                                               "Children whose template is the PSF"};
  almagest::Metric<std::int64_t> ramped_templates{*this, "ramped_templates", "",
                                                  "Children whose template was continued outwards"};
};

}  // namespace deblend
