#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <Eigen/Dense>

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"
#include "almagest/mask.hpp"

#include "region.hpp"

namespace deblend {

/// A peak of a blend, where a star would be, and the PSF there, in the parent frame.
struct PeakPsf {
  almagest::Pixel pixel;
  almagest::Point position;
  almagest::Image<double> stamp;
};

/// The pixels around a peak that are looked at: out to 1.5 FWHM, rounded up, each way, inside the
/// footprint's box.
almagest::Box local_box(almagest::Pixel peak, double fwhm, almagest::Box const& footprint);

/// Weighted linear least squares around one peak of a blend (science document, section 5 step 1,
/// and section 10 item 15).
///
/// Beside the star a sky that is constant and linear in x and y, and the PSF of each neighbour near
/// enough, are fitted. Pixels count in full to 1 FWHM from the peak and fade to nothing at 1.5 FWHM
/// (both rounded up). Pixels that are not finite or without variance do not count.
class LocalFit {
 public:
  /// \param footprint  the blend's pixels, in its box
  /// \param peaks      all of the blend; \param index the one that is looked at
  /// \param fwhm       of the PSF [pixel]
  /// \param keep_empty_terms  neighbours whose PSF does not reach the pixels are not left out, which
  /// makes the fit impossible
  LocalFit(almagest::MaskedImage const& pixels, Region const& footprint,
           std::span<PeakPsf const> peaks, std::size_t index, double fwhm, bool keep_empty_terms);

  /// Whether the pixels can tell a star, also a shifted one, from its surroundings.
  bool possible() const noexcept { return possible_; }

  struct Star {
    double flux = 0.0;         ///< [adu]
    double chi_squared = 0.0;  ///< per degree of freedom
  };
  /// Fits a PSF. Nothing when the surroundings can do all that it can.
  std::optional<Star> star(almagest::Image<double> const& stamp) const;

  struct ShiftedStar {
    almagest::Point coefficient;  ///< of the PSF's derivatives, over the PSF's; a star that is off
                                  ///< by d has −d [pixel]
    double chi_squared = 0.0;     ///< per degree of freedom
  };
  /// Fits the peak's PSF with its derivatives in x and y (half the difference of the neighbours).
  std::optional<ShiftedStar> shifted_star() const;

 private:
  /// One pixel.
  struct Sample {
    almagest::Pixel pixel;
    double weight;  ///< square root of fade/variance
  };
  void take_samples(almagest::MaskedImage const& pixels, Region const& footprint, double fwhm);
  void fit_surroundings(std::span<PeakPsf const> peaks, std::size_t index, double fwhm,
                        bool keep_empty_terms);
  /// A function of the pixel, times weight.
  template <class F>
  Eigen::VectorXd column(F const& value) const;
  Eigen::VectorXd psf_column(almagest::Image<double> const& stamp) const;
  /// What of a column cannot be made of the surroundings, in rotated axes.
  Eigen::VectorXd own(Eigen::VectorXd const& values) const;

  PeakPsf const& peak_;
  std::vector<Sample> samples_;
  Eigen::VectorXd light_;  ///< times weight; without the surroundings once they are fitted
  double freedom_ = 0.0;   ///< degrees of it that are left beside one star
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> surroundings_;
  Eigen::Index terms_ = 0;  ///< of the surroundings
  bool possible_ = false;
};

}  // namespace deblend
