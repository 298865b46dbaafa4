#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "almagest/footprint.hpp"
#include "almagest/image.hpp"

#include "families.hpp"

/// Noise in the place of sources, so that each is measured without its neighbours (science
/// document, section 4 "Noise replacement", items 7 and 20 of section 10).
namespace measurement {

/// The noise that stands in for each source: one value per pixel of its footprint, in the order of
/// the spans.
class ReplacementNoise {
 public:
  /// Draws for all footprints in order, parents then children: a deviate for each pixel of the
  /// bounding box, row by row, of which those inside the footprint are kept.
  /// \param mean, sigma  of the noise [adu]
  ReplacementNoise(almagest::FootprintSet const& set, double mean, double sigma,
                   std::uint32_t seed);

  std::span<float const> of(std::size_t source) const noexcept {
    return std::span(values_).subspan(first_[source], first_[source + 1] - first_[source]);
  }

 private:
  std::vector<float> values_;
  std::vector<std::size_t> first_;  // per source, and the end
};

/// Keeps an image in which sources are noise, but for those that are put in.
///
/// Sources may overlap, also those of different families, so what an image holds depends on what
/// has been put in and taken out before. begin() makes it what it is when families are measured in
/// order, from whatever it was: any number of replacers, each on its own image, give what one
/// gives.
class NoiseReplacer {
 public:
  /// \param original  the image with all its sources
  /// The arguments must outlive the replacer.
  NoiseReplacer(almagest::FootprintSet const& set, std::span<Family const> families,
                ReplacementNoise const& noise, almagest::Image<float> const& original);

  /// The family that a replacer has come to: families before it are done.
  std::size_t next() const noexcept { return next_; }

  /// Makes `image` what it is when all families before this one have been measured.
  /// \param image  a copy of the original at the first call, then always the same one
  void begin(std::size_t family, almagest::Image<float>& image);
  /// Puts a source in: its own values if it has any, else the original's pixels.
  void insert(std::size_t source, almagest::Image<float>& image) const;
  /// Puts the source's noise back.
  void remove(std::size_t source, almagest::Image<float>& image) const;

 private:
  almagest::FootprintSet const& set_;
  std::span<Family const> families_;
  ReplacementNoise const& noise_;
  almagest::Image<float> const& original_;
  std::size_t next_;
};

}  // namespace measurement
