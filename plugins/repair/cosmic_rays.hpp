#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/task.hpp"

namespace repair {

/// Finds cosmic rays by their sharpness and replaces their pixels (science document, section 9).
class CosmicRays final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::Param<double> min_sigma =
      almagest::Param<double>{*this, "min_sigma", 6.0,
                              "How far a ray's first pixels stand above the mean of two opposite "
                              "neighbours, in units of their noise [sigma]"}
          .within(1.0, 1000.0);
  almagest::Param<double> psf_fraction =
      almagest::Param<double>{*this, "psf_fraction", 0.6,
                              "Such a pair of neighbours has less than this fraction of the light "
                              "that the PSF would give it"}
          .within(0.0, 1.0);
  almagest::Param<double> noise_margin =
      almagest::Param<double>{*this, "noise_margin", 2.5,
                              "... even if pixel and pair are off by so much [sigma]"}
          .within(0.0, 1000.0);
  almagest::Param<double> min_total =
      almagest::Param<double>{*this, "min_total", 150.0,
                              "Least light of a ray's first pixels together [unit of the image]"}
          .within(0.0, 1e30);
  almagest::Param<double> neighbour_sigma =
      almagest::Param<double>{*this, "neighbour_sigma", 2.5,
                              "As min_sigma, for pixels next to a ray [sigma]"}
          .within(1.0, 1000.0);
  almagest::Param<double> neighbour_psf_fraction =
      almagest::Param<double>{*this, "neighbour_psf_fraction", 0.8,
                              "As psf_fraction, for pixels next to a ray, without a margin"}
          .within(0.0, 1.0);
  almagest::Param<int> iterations =
      almagest::Param<int>{*this, "iterations", 50,
                           "Most rounds in which rays grow into their neighbours; they end when "
                           "nothing is added"}
          .within(0, 10000);
  almagest::Param<std::int64_t> max_pixels =
      almagest::Param<std::int64_t>{*this, "max_pixels", 10000,
                                    "With more pixels in rays, the task fails"}
          .within(0, 1000000000);
  almagest::Param<std::string> background =
      almagest::Param<std::string>{*this, "background", "measured",
                                   "The level above which light is counted: the frame's clipped "
                                   "median, or background_level"}
          .one_of({"measured", "given"});
  almagest::Param<double> background_level =
      almagest::Param<double>{*this, "background_level", 0.0,
                              "That level, when background is \"given\" [unit of the image]"}
          .within(-1e30, 1e30);
  almagest::Param<std::vector<std::string>> ignore{
      *this,
      "ignore",
      {"BAD", "SAT", "NO_DATA"},
      "Mask planes whose pixels are no cosmic rays and give no value to replace one"};
  almagest::Param<int> grow =
      almagest::Param<int>{*this, "grow", 0,
                           "Rays are widened by so much before they are replaced [pixel]"}
          .within(0, 100);
  almagest::Param<bool> keep_pixels{*this, "keep_pixels", false,
                                    "Only set CR: image and variance stay as they are"};

  almagest::In<almagest::Exposure> input{*this, "exposure", "With variance and a PSF"};
  almagest::Out<almagest::Exposure> output{*this, "exposure"};

  almagest::Metric<std::int64_t> ray_count{*this, "cosmic_rays", "", "Groups of pixels that touch"};
  almagest::Metric<std::int64_t> pixel_count{*this, "cosmic_ray_pixels", "pixel",
                                             "Their pixels, before widening"};
};

}  // namespace repair
