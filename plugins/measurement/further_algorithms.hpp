#pragma once

#include <string>
#include <vector>

#include "almagest/measurement.hpp"
#include "almagest/moments.hpp"

/// Measurement algorithms that tell of a source's surroundings and of its whole light, under LSST's
/// names. Each declares its columns and calls a kernel of its own file.
namespace measurement {

/// Moments of a source, as an earlier algorithm found them.
struct ShapeKeys {
  almagest::Key<double> xx, yy, xy;
  almagest::Key<bool> flag;

  /// \param shape  how the columns' names begin: "base_SdssShape"
  void find(almagest::Schema const& schema, std::string const& shape);
  almagest::Quadrupole moments(almagest::SourceRecord const& source) const {
    return {source.get(xx), source.get(yy), source.get(xy)};
  }
  /// The shape was measured, and is that of an ellipse.
  bool good(almagest::SourceRecord const& source) const;
};

/// Centre of gravity of the 3 × 3 pixels around the peak: naive_centroid(). A second opinion; it
/// leaves SourceRecord::centroid alone.
class NaiveCentroid final : public almagest::MeasurementAlgorithm {
 public:
  void declare(almagest::Schema& schema, std::string const& prefix) override;
  void measure(almagest::SourceRecord& source) const override;

 private:
  almagest::Param<double> background{*this, "background", 0.0,
                                     "Level under every source, subtracted first [ct]"};
  almagest::Key<double> x_, y_;
  almagest::Key<bool> flag_, no_counts_, edge_, reset_to_peak_;
};

/// The sky around a source: ring_level().
class LocalBackground final : public almagest::MeasurementAlgorithm {
 public:
  void declare(almagest::Schema& schema, std::string const& prefix) override;
  std::vector<std::string> needs() const override { return {"centroid"}; }
  void measure(almagest::SourceRecord& source) const override;

 private:
  almagest::Param<double> inner =
      almagest::Param<double>{*this, "inner", 7.0, "Inner radius of the ring [PSF sigma]"}.within(
          0.0, 1000.0);
  almagest::Param<double> outer =
      almagest::Param<double>{*this, "outer", 15.0, "Outer radius of the ring [PSF sigma]"}.within(
          0.0, 1000.0);
  almagest::Param<std::vector<double>> psf_position{
      *this,
      "psf_position",
      {},
      "Where the PSF's width is taken, x and y; empty: at the source. The LSST stack takes the "
      "origin (0, 0), because its PSF model calls that its average position [pixel]"};
  almagest::Param<std::vector<std::string>> ignore{
      *this, "ignore", {"BAD", "SAT", "NO_DATA"}, "Mask planes that are left out"};
  almagest::Key<double> level_, scatter_;
  almagest::Key<bool> flag_, no_good_pixels_, no_psf_;
};

/// The noise under a source: median_variance().
class Variance final : public almagest::MeasurementAlgorithm {
 public:
  void declare(almagest::Schema& schema, std::string const& prefix) override;
  std::vector<std::string> needs() const override { return {"centroid", "base_SdssShape"}; }
  void measure(almagest::SourceRecord& source) const override;

 private:
  almagest::Param<double> reach =
      almagest::Param<double>{*this, "reach", 5.0,
                              "Size of the ellipse, in those of the source [sigma]"}
          .within(0.1, 1000.0);
  almagest::Param<double> max_radius =
      almagest::Param<double>{*this, "max_radius", 100.0,
                              "The ellipse is cut at this distance along x and y [pixel]"}
          .within(1.0, 1e5);
  almagest::Param<std::vector<std::string>> ignore{*this,
                                                   "ignore",
                                                   {"DETECTED", "DETECTED_NEGATIVE", "BAD", "SAT"},
                                                   "Mask planes that are left out"};
  ShapeKeys shape_;
  almagest::Key<double> value_;
  almagest::Key<bool> flag_, empty_;
};

/// The area of a pixel on the sky, in units of a nominal pixel.
class Jacobian final : public almagest::MeasurementAlgorithm {
 public:
  void declare(almagest::Schema& schema, std::string const& prefix) override;
  std::vector<std::string> needs() const override { return {"centroid"}; }
  void measure(almagest::SourceRecord& source) const override;

 private:
  almagest::Param<double> pixel_scale =
      almagest::Param<double>{*this, "pixel_scale", 0.5, "Side of the nominal pixel [arcsec]"}
          .within(1e-6, 1e6);
  almagest::Key<double> value_;
  almagest::Key<bool> flag_;
};

/// How much of the light under a source is its neighbours': weighted_light() of the source alone,
/// and of it with its family.
class Blendedness final : public almagest::MeasurementAlgorithm {
 public:
  void declare(almagest::Schema& schema, std::string const& prefix) override;
  std::vector<std::string> needs() const override { return {"centroid", "base_SdssShape"}; }
  void measure(almagest::SourceRecord& source) const override;
  void measure_in_family(almagest::SourceRecord& child) const override;

 private:
  struct Kind {
    almagest::Key<double> value, child, parent;
    void declare(almagest::Schema& schema, std::string const& name, std::string const& how);
  };

  almagest::Param<double> reach =
      almagest::Param<double>{*this, "reach", 3.0, "Where the Gaussian weight ends [sigma]"}.within(
          0.1, 100.0);
  almagest::Param<double> max_radius =
      almagest::Param<double>{*this, "max_radius", 100.0,
                              "The weight is cut at this distance along x and y [pixel]"}
          .within(1.0, 1e5);
  ShapeKeys shape_;
  Kind raw_, absolute_;
  almagest::Key<bool> flag_, no_centroid_, no_shape_, bad_pixels_;
};

/// Flux in an ellipse of 2.5 Kron radii: kron_radius(), ellipse_flux().
class KronFlux final : public almagest::MeasurementAlgorithm {
 public:
  void declare(almagest::Schema& schema, std::string const& prefix) override;
  std::vector<std::string> needs() const override { return {"centroid", "base_SdssShape"}; }
  void measure(almagest::SourceRecord& source) const override;

 private:
  /// The ellipse and the radius that a flux is taken in.
  struct Aperture {
    almagest::Quadrupole moments;
    double radius;
  };
  Aperture aperture_of(almagest::SourceRecord& source) const;

  almagest::Param<double> radius_reach =
      almagest::Param<double>{*this, "radius_reach", 6.0,
                              "How far light is followed for the Kron radius [sigma]"}
          .within(1.0, 100.0);
  almagest::Param<double> flux_radii =
      almagest::Param<double>{*this, "flux_radii", 2.5, "Size of the aperture, in Kron radii"}
          .within(0.1, 100.0);
  almagest::Param<double> minimum_radius =
      almagest::Param<double>{*this, "minimum_radius", 0.0,
                              "Smallest Kron radius; 0 for that of the PSF [pixel]"}
          .within(0.0, 1e5);
  almagest::Param<double> max_radius =
      almagest::Param<double>{*this, "max_radius", 200.0,
                              "Light is followed no further than this along x and y [pixel]"}
          .within(1.0, 1e5);
  ShapeKeys shape_;
  almagest::Key<double> flux_, error_;
  almagest::Key<float> radius_, radius_for_radius_, psf_radius_;
  almagest::Key<bool> flag_, edge_, bad_shape_no_psf_, no_minimum_radius_, no_fallback_radius_,
      bad_radius_, used_minimum_radius_, used_psf_radius_, small_radius_, bad_shape_, bad_pixels_;
};

}  // namespace measurement
