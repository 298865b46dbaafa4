#include "linear_refit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include <Eigen/Dense>

#include "almagest/error.hpp"
#include "almagest/statistics.hpp"
#include "almagest/text.hpp"

namespace astrometry {
namespace {
using namespace almagest;

using Matrix = std::array<double, 4>;  // row by row

Point multiply(Matrix const& m, Point p) noexcept {
  return {m[0] * p.x + m[1] * p.y, m[2] * p.x + m[3] * p.y};
}

Matrix inverted(Matrix const& m) noexcept {
  double const determinant = m[0] * m[3] - m[1] * m[2];
  return {m[3] / determinant, -m[1] / determinant, -m[2] / determinant, m[0] / determinant};
}

Matrix multiply(Matrix const& a, Matrix const& b) noexcept {
  return {a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2],
          a[2] * b[1] + a[3] * b[3]};
}

/// Pixel − CRPIX with the distortion: what CD acts upon.
Point undistorted(Wcs const& wcs, Point pixel) noexcept {
  Point const d{pixel.x - wcs.crpix().x, pixel.y - wcs.crpix().y};
  return {d.x + wcs.sip_a()(d.x, d.y), d.y + wcs.sip_b()(d.x, d.y)};
}

/// What a fit says of the plane's degrees: offset + matrix · undistorted pixels + Σ rows[k]
/// y^(k+2).
struct LinearFit {
  Matrix matrix{};
  Point offset;
  std::vector<Point> rows;
};

/// The equations of a fit, one row per control point and axis.
class Equations {
 public:
  Equations(Wcs const& wcs, std::span<WcsControlPoint const> points, LinearModel const& model)
      : wcs_(wcs), points_(points), model_(model), powers_(model.affine ? model.row_order - 1 : 0) {
    for (WcsControlPoint const& point : points) {
      Point const p = undistorted(wcs, point.pixel);
      // A similarity turns and scales what the present matrix gives.
      from_.push_back(model.affine ? p : multiply(wcs.cd(), p));
      extent_ = std::max({extent_, std::abs(from_.back().x), std::abs(from_.back().y)});
    }
  }

  LinearFit solve(std::span<Point const> sky) const {
    return model_.affine ? affine(sky) : similarity(sky);
  }

 private:
  // Fewer than a few parts in a thousand across what they span along do not tell the matrix.
  static constexpr double least_span = 3e-3;

  Eigen::MatrixXd solved(Eigen::MatrixXd const& design, Eigen::MatrixXd const& right) const {
    Eigen::ColPivHouseholderQR<Eigen::MatrixXd> solver(design);
    solver.setThreshold(least_span);
    if (design.rows() < design.cols() || solver.rank() < design.cols())
      throw MeasurementError(counted(points_.size(), "star") +
                             " cannot determine the WCS: they are too few or lie on a line");
    return solver.solve(right);
  }

  double y_scaled(std::size_t i) const { return (points_[i].pixel.y - wcs_.crpix().y) / row_scale; }

  LinearFit affine(std::span<Point const> sky) const {
    auto const n = static_cast<Eigen::Index>(points_.size());
    Eigen::MatrixXd design(n, 3 + powers_);
    Eigen::MatrixXd right(n, 2);
    for (Eigen::Index i = 0; i < n; ++i) {
      auto const k = static_cast<std::size_t>(i);
      double const root = std::sqrt(points_[k].weight);
      design(i, 0) = root;
      design(i, 1) = root * from_[k].x / extent_;
      design(i, 2) = root * from_[k].y / extent_;
      for (int power = 0; power < powers_; ++power)
        design(i, 3 + power) = root * std::pow(y_scaled(k), power + 2);
      right(i, 0) = root * sky[k].x;
      right(i, 1) = root * sky[k].y;
    }
    Eigen::MatrixXd const c = solved(design, right);
    LinearFit fit{{c(1, 0) / extent_, c(2, 0) / extent_, c(1, 1) / extent_, c(2, 1) / extent_},
                  {c(0, 0), c(0, 1)},
                  {}};
    for (int power = 0; power < powers_; ++power) {
      double const unit = std::pow(row_scale, power + 2);
      fit.rows.push_back({c(3 + power, 0) / unit, c(3 + power, 1) / unit});
    }
    return fit;
  }

  LinearFit similarity(std::span<Point const> sky) const {
    auto const n = static_cast<Eigen::Index>(points_.size());
    Eigen::MatrixXd design(2 * n, 4);
    Eigen::MatrixXd right(2 * n, 1);
    for (Eigen::Index i = 0; i < n; ++i) {
      auto const k = static_cast<std::size_t>(i);
      double const root = std::sqrt(points_[k].weight);
      Point const p{from_[k].x / extent_, from_[k].y / extent_};
      design.row(i) = root * Eigen::RowVector4d(1.0, 0.0, p.x, -p.y);
      design.row(n + i) = root * Eigen::RowVector4d(0.0, 1.0, p.y, p.x);
      right(i, 0) = root * sky[k].x;
      right(n + i, 0) = root * sky[k].y;
    }
    Eigen::MatrixXd const c = solved(design, right);
    double const along = c(2, 0) / extent_;
    double const across = c(3, 0) / extent_;
    return {multiply({along, -across, across, along}, wcs_.cd()), {c(0, 0), c(1, 0)}, {}};
  }

  static constexpr double row_scale = 1000.0;  // [pixel]
  Wcs const& wcs_;
  std::span<WcsControlPoint const> points_;
  LinearModel model_;
  int powers_;  // of the row, from the second on
  std::vector<Point> from_;
  double extent_ = std::numeric_limits<double>::min();
};

/// A polynomial with displacements of the row's powers added.
SipPolynomial with_rows(SipPolynomial const& p, std::span<double const> rows) {
  SipPolynomial result(std::max({2, p.order(), static_cast<int>(rows.size()) + 1}));
  if (!p.empty())
    for (int i = 0; i <= p.order(); ++i)
      for (int j = 0; j <= p.order() - i; ++j) result.at(i, j) = p.at(i, j);
  for (std::size_t k = 0; k < rows.size(); ++k) result.at(0, static_cast<int>(k) + 2) += rows[k];
  return result;
}

double rounded_degrees(double radians) {
  return std::round(radians / radians_per_degree * 1e9) / 1e9;
}

/// WCS − control point on the plane that touches the sky there: x east, y north [arcsec].
Point difference(Wcs const& wcs, WcsControlPoint const& point) {
  SkyPoint const here = wcs.pixel_to_sky(point.pixel);
  double const d_ra = std::remainder(here.ra - point.sky.ra, 2.0 * std::numbers::pi);
  return {d_ra * std::cos(point.sky.dec) / radians_per_arcsec,
          (here.dec - point.sky.dec) / radians_per_arcsec};
}

// The median of the squared distance of a Gaussian scatter in two axes is 2 ln 2 of its variance.
double per_axis(double median_of_squares) noexcept {
  return std::sqrt(median_of_squares / (2.0 * std::numbers::ln2));
}

}  // namespace

Wcs tangent_plane(SkyPoint at) {
  return Wcs({}, at, {1.0 / 3600.0, 0.0, 0.0, 1.0 / 3600.0});
}

Wcs refit_linear(Wcs const& wcs, std::span<WcsControlPoint const> points,
                 LinearModel const& model) {
  Equations const equations(wcs, points, model);
  SkyPoint crval = wcs.crval();
  LinearFit fit;
  auto const fit_about_crval = [&] {
    Wcs const plane({}, crval, {1.0, 0.0, 0.0, 1.0});
    std::vector<Point> sky;
    for (WcsControlPoint const& point : points) sky.push_back(plane.sky_to_pixel(point.sky));
    fit = equations.solve(sky);
    return plane.pixel_to_sky(fit.offset);
  };
  constexpr double precision = 1e-12;  // [degree]
  for (int pass = 0; pass < 10; ++pass) {
    crval = fit_about_crval();
    if (std::hypot(fit.offset.x, fit.offset.y) < precision) break;
  }
  crval = {rounded_degrees(crval.ra) * radians_per_degree,
           rounded_degrees(crval.dec) * radians_per_degree};
  fit_about_crval();

  Wcs result(wcs.crpix(), crval, fit.matrix);
  if (fit.rows.empty()) {
    result.set_sip(wcs.sip_a(), wcs.sip_b(), wcs.sip_reverse_a(), wcs.sip_reverse_b());
    return result;
  }
  // CD · (u + rows) is what the plane shows: the displacements are those of CD's other side.
  Matrix const inverse = inverted(fit.matrix);
  std::vector<double> a, b;
  for (Point const row : fit.rows) {
    Point const shift = multiply(inverse, row);
    a.push_back(shift.x);
    b.push_back(shift.y);
  }
  result.set_sip(with_rows(wcs.sip_a(), a), with_rows(wcs.sip_b(), b), wcs.sip_reverse_a(),
                 wcs.sip_reverse_b());
  return result;
}

Wcs with_reverse(Wcs const& wcs, Box const& box) {
  if (!wcs.has_sip()) return wcs;
  constexpr int largest_fitted = 6;  // of fit_wcs()
  if (wcs.sip_a().order() > largest_fitted) {
    Wcs result = wcs;
    result.set_sip(wcs.sip_a(), wcs.sip_b(), {}, {});
    return result;
  }
  constexpr int steps = 24;
  std::vector<WcsControlPoint> grid;
  for (int i = 0; i <= steps; ++i)
    for (int j = 0; j <= steps; ++j) {
      Point const pixel{box.x0 - 0.5 + static_cast<double>(box.width) * i / steps,
                        box.y0 - 0.5 + static_cast<double>(box.height) * j / steps};
      grid.push_back({pixel, wcs.pixel_to_sky(pixel)});
    }
  return fit_wcs(grid, box, wcs.sip_a().order()).wcs;
}

Residuals residuals(Wcs const& wcs, std::span<WcsControlPoint const> points) {
  Residuals result;
  if (points.empty()) return result;
  std::vector<double> ra, dec;
  for (WcsControlPoint const& point : points) {
    Point const d = difference(wcs, point);
    ra.push_back(d.x);
    dec.push_back(d.y);
    result.ra_scatter += d.x * d.x;
    result.dec_scatter += d.y * d.y;
  }
  result.ra_scatter = std::sqrt(result.ra_scatter / static_cast<double>(points.size()));
  result.dec_scatter = std::sqrt(result.dec_scatter / static_cast<double>(points.size()));
  result.ra_offset = quantile(ra, 0.5);
  result.dec_offset = quantile(dec, 0.5);
  return result;
}

std::vector<bool> within_clip(Wcs const& wcs, std::span<WcsControlPoint const> points,
                              double clip) {
  std::vector<double> squares;
  for (WcsControlPoint const& point : points) {
    Point const d = difference(wcs, point);
    squares.push_back(point.weight * (d.x * d.x + d.y * d.y));
  }
  std::vector<bool> good(points.size(), true);
  if (points.empty()) return good;
  std::vector<double> ordered = squares;
  double const limit = clip * per_axis(quantile(ordered, 0.5));
  for (std::size_t i = 0; i < points.size(); ++i) good[i] = squares[i] <= limit * limit;
  return good;
}

double typical_distance(Wcs const& wcs, std::span<WcsControlPoint const> points) {
  if (points.empty()) return 0.0;
  std::vector<double> squares;
  for (WcsControlPoint const& point : points) {
    Point const d = difference(wcs, point);
    squares.push_back(d.x * d.x + d.y * d.y);
  }
  return per_axis(quantile(squares, 0.5));
}

Change change(Wcs const& from, Wcs const& to, Point pixel) {
  Matrix const a = from.jacobian(pixel);
  Matrix const b = to.jacobian(pixel);
  // b·a⁻¹ is nearly a rotation times a scale; the closest one has this angle.
  Matrix const m = multiply(b, inverted(a));
  return {std::atan2(m[2] - m[1], m[0] + m[3]),
          to.pixel_scale(pixel) / from.pixel_scale(pixel) - 1.0,
          separation(from.pixel_to_sky(pixel), to.pixel_to_sky(pixel)) / radians_per_arcsec};
}

}  // namespace astrometry
