#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "almagest/image.hpp"
#include "almagest/measurement.hpp"

#include "aperture_flux.hpp"

/// The measurement algorithms that LSST catalogues begin with, under LSST's names: `base_PsfFlux`
/// and its kin. Each declares its columns and calls a kernel of its own file.
namespace measurement {

/// Columns `<prefix>_instFlux`, `<prefix>_instFluxErr`, and `<prefix>_flag`.
struct FluxKeys {
  almagest::Key<double> flux, error;
  almagest::Key<bool> flag;
  void declare(almagest::Schema& schema, std::string const& prefix, std::string const& what);
};

/// Centroid from the peak of the PSF-smoothed image: peak_centroid().
class SdssCentroid final : public almagest::MeasurementAlgorithm {
 public:
  void declare(almagest::Schema& schema, std::string const& prefix) override;
  std::string gives() const override { return "centroid"; }
  void measure(almagest::SourceRecord& source) const override;

 private:
  almagest::Param<bool> inflate_binned_errors{
      *this, "inflate_binned_errors", false,
      "Give wide sources, which are binned, errors too large by the bin's side (2, 4, 8 or 16), as "
      "the LSST stack does: it takes the variance of a pixel for that of a binned one"};
  almagest::Key<double> x_, y_;
  almagest::Key<float> x_error_, y_error_;
  almagest::Key<bool> flag_, edge_, no_second_derivative_, almost_no_second_derivative_,
      not_at_maximum_, reset_to_peak_, bad_pixels_;
};

/// Adaptive moments: adaptive_shape().
class SdssShape final : public almagest::MeasurementAlgorithm {
 public:
  void declare(almagest::Schema& schema, std::string const& prefix) override;
  std::vector<std::string> needs() const override { return {"centroid"}; }
  void measure(almagest::SourceRecord& source) const override;

 private:
  almagest::Param<bool> exchange_errors{
      *this, "exchange_errors", false,
      "Store the error of yy as xyErr and that of xy as yyErr, as the LSST stack does by mistake"};
  almagest::Param<bool> sum_subpixels{
      *this, "sum_subpixels", false,
      "Take the flux of sources narrower than about half a pixel for 16 times what it is when "
      "their errors are computed, as the LSST stack does: it adds the 16 places of a pixel instead "
      "of averaging them"};
  almagest::Param<bool> unweighted_subpixels{
      *this, "unweighted_subpixels", false,
      "Take plain moments over the 16 places of a pixel once the adaptive weight was that narrow, "
      "as the LSST stack does: they are then 5/64 pixel² larger than other sources' plain moments"};
  almagest::Key<double> xx_, yy_, xy_, x_, y_;
  almagest::Key<float> xx_error_, yy_error_, xy_error_;
  almagest::Key<bool> flag_, unweighted_, unweighted_bad_, shift_, max_iter_, bad_pixels_;
};

/// Flux under the Gaussian of the source's own shape: gaussian_flux().
class GaussianFlux final : public almagest::MeasurementAlgorithm {
 public:
  void declare(almagest::Schema& schema, std::string const& prefix) override;
  std::vector<std::string> needs() const override { return {"centroid", "base_SdssShape"}; }
  void measure(almagest::SourceRecord& source) const override;

 private:
  almagest::Param<bool> sum_subpixels{
      *this, "sum_subpixels", false,
      "Give sources narrower than about half a pixel about 16 times their flux, as the LSST stack "
      "does: it adds the 16 places of a pixel instead of averaging them"};
  almagest::Param<bool> truncate_centre{
      *this, "truncate_centre", false,
      "Take the variance at the centre's coordinates cut to integers, as the LSST stack does, not "
      "at the pixel that holds the centre"};
  almagest::Param<bool> clear_flag{
      *this, "clear_flag", false,
      "Leave the flag unset where centroid or shape failed, as the LSST stack does: it clears it "
      "at the end"};
  FluxKeys flux_;
  almagest::Key<double> xx_, yy_, xy_;  // of the shape
  almagest::Key<bool> shape_flag_, bad_pixels_;
};

/// Flux of the best-fitting PSF: psf_flux().
class PsfFlux final : public almagest::MeasurementAlgorithm {
 public:
  void declare(almagest::Schema& schema, std::string const& prefix) override;
  std::vector<std::string> needs() const override { return {"centroid"}; }
  void measure(almagest::SourceRecord& source) const override;

 private:
  FluxKeys flux_;
  almagest::Key<float> area_;
  almagest::Key<bool> edge_, no_good_pixels_;
};

/// Fluxes in circles: sinc_aperture_flux() for small radii, plain_aperture_fluxes() for large ones.
class CircularApertureFlux final : public almagest::MeasurementAlgorithm {
 public:
  void declare(almagest::Schema& schema, std::string const& prefix) override;
  std::vector<std::string> needs() const override { return {"centroid"}; }
  void measure(almagest::SourceRecord& source) const override;

 private:
  struct Aperture {
    double radius;
    FluxKeys flux;
    almagest::Key<bool> truncated, weights_cut;  // weights_cut for sinc apertures only
    almagest::Image<float> weights;              // empty for a plain sum
  };
  void store(almagest::SourceRecord& source, Aperture const& aperture,
             ApertureFluxResult const& result) const;

  almagest::Param<std::vector<double>> radii =
      almagest::Param<std::vector<double>>{*this,
                                           "radii",
                                           {3.0, 4.5, 6.0, 9.0, 12.0, 17.0, 25.0, 35.0, 50.0, 70.0},
                                           "Radii of the circles [pixel]"}
          .within(0.5, 1000.0);
  almagest::Param<double> max_sinc_radius =
      almagest::Param<double>{
          *this, "max_sinc_radius", 10.0,
          "Largest radius that is integrated exactly; larger circles add up the "
          "pixels whose centres they hold [pixel]"}
          .within(0.0, 100.0);
  almagest::Param<bool> unshifted_border{
      *this, "unshifted_border", false,
      "Leave the outer 5 or 4 rows and columns of the exact weights where they are when the others "
      "move to the centre's fraction of a pixel, as the LSST stack does: at radius 3 that moves "
      "only the middle 6 x 6 of 15 x 15 weights, an error of up to 1 %"};
  std::vector<Aperture> exact_;  // as configured
  std::vector<Aperture> plain_;  // by rising radius
  std::vector<double> plain_radii_;
};

/// Mask planes under a source: anywhere in its footprint, and in the 3 × 3 pixels of its centre.
class PixelFlags final : public almagest::MeasurementAlgorithm {
 public:
  void declare(almagest::Schema& schema, std::string const& prefix) override;
  std::vector<std::string> needs() const override { return {"centroid"}; }
  void measure(almagest::SourceRecord& source) const override;

 private:
  struct Flag {
    std::vector<std::string> planes;
    almagest::Key<bool> anywhere, centre;
  };
  std::vector<Flag> flags_;
  almagest::Key<bool> off_image_;
};

/// How a radius stands in a column's name: 6 is "6_0", 4.5 is "4_5".
std::string radius_name(double radius);

}  // namespace measurement
