// fit_wcs of wcs.hpp.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <Eigen/Dense>
#include <fmt/format.h>

#include "almagest/error.hpp"
#include "almagest/wcs.hpp"

namespace almagest {
namespace {

constexpr int maximum_order = 6;

/// The terms x^i y^j with i + j ≤ order, by rising degree.
std::vector<std::pair<int, int>> terms_of(int order) {
  std::vector<std::pair<int, int>> terms;
  for (int degree = 0; degree <= order; ++degree) {
    for (int j = 0; j <= degree; ++j) terms.emplace_back(degree - j, j);
  }
  return terms;
}

/// A pair of polynomials (x, y) → (p, q) in coordinates scaled to about ±1.
class PolynomialPair {
 public:
  PolynomialPair(int order, Point origin, double scale)
      : order_(order), origin_(origin), scale_(scale), terms_(terms_of(order)) {}

  struct Pair {
    Point from;
    Point to;
    double weight;
  };

  /// \returns false when the points do not determine the coefficients
  bool fit(std::vector<Pair> const& pairs) {
    auto const columns = static_cast<Eigen::Index>(terms_.size());
    Eigen::MatrixXd design(static_cast<Eigen::Index>(pairs.size()), columns);
    Eigen::MatrixXd targets(design.rows(), 2);
    for (Eigen::Index row = 0; row < design.rows(); ++row) {
      Pair const& pair = pairs[static_cast<std::size_t>(row)];
      double const root = std::sqrt(pair.weight);
      Point const p = scaled(pair.from);
      for (Eigen::Index k = 0; k < columns; ++k) {
        auto const [i, j] = terms_[static_cast<std::size_t>(k)];
        design(row, k) = root * std::pow(p.x, i) * std::pow(p.y, j);
      }
      targets(row, 0) = root * pair.to.x;
      targets(row, 1) = root * pair.to.y;
    }
    Eigen::ColPivHouseholderQR<Eigen::MatrixXd> solver(design);
    solver.setThreshold(1e-9);  // points within 1e-9 of a line (a conic …) do not span the plane
    if (solver.rank() < columns) return false;
    coefficients_ = solver.solve(targets);
    return true;
  }

  /// Coefficients of (x − about)^i (y − about)^j in the unscaled coordinates, as two SIP matrices.
  std::array<SipPolynomial, 2> expanded_about(Point about) const {
    std::array<SipPolynomial, 2> result{SipPolynomial(order_), SipPolynomial(order_)};
    Point const shift = scaled(about);
    for (std::size_t k = 0; k < terms_.size(); ++k) {
      auto const [i, j] = terms_[k];
      // (s + t)^i = Σ_m C(i,m) s^(i−m) t^m
      for (int m = 0; m <= i; ++m) {
        for (int n = 0; n <= j; ++n) {
          double const factor = binomial(i, m) * std::pow(shift.x, i - m) * binomial(j, n) *
                                std::pow(shift.y, j - n) / std::pow(scale_, m + n);
          result[0].at(m, n) += factor * coefficients_(static_cast<Eigen::Index>(k), 0);
          result[1].at(m, n) += factor * coefficients_(static_cast<Eigen::Index>(k), 1);
        }
      }
    }
    return result;
  }

 private:
  static double binomial(int n, int k) {
    double result = 1.0;
    for (int m = 1; m <= k; ++m) result = result * (n - k + m) / m;
    return result;
  }
  Point scaled(Point p) const { return {(p.x - origin_.x) / scale_, (p.y - origin_.y) / scale_}; }

  int order_;
  Point origin_;
  double scale_;
  std::vector<std::pair<int, int>> terms_;
  Eigen::MatrixX2d coefficients_;
};

using Pairs = std::vector<PolynomialPair::Pair>;

std::vector<WcsControlPoint> usable(std::span<WcsControlPoint const> points) {
  std::vector<WcsControlPoint> result;
  for (WcsControlPoint const& p : points) {
    if (!std::isfinite(p.pixel.x) || !std::isfinite(p.pixel.y) || !std::isfinite(p.sky.ra) ||
        !std::isfinite(p.sky.dec) || !std::isfinite(p.weight) || p.weight < 0.0) {
      throw DataError(
          fmt::format("WCS fit: the control point at pixel ({}, {}) with weight {} is "
                      "not finite, or its weight is negative",
                      p.pixel.x, p.pixel.y, p.weight));
    }
    if (p.weight > 0.0) result.push_back(p);
  }
  return result;
}

SkyPoint mean_direction(std::vector<WcsControlPoint> const& points) {
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  for (WcsControlPoint const& p : points) {
    double const cos_dec = std::cos(p.sky.dec);
    sum += p.weight * Eigen::Vector3d(cos_dec * std::cos(p.sky.ra), cos_dec * std::sin(p.sky.ra),
                                      std::sin(p.sky.dec));
  }
  double const ra = std::atan2(sum.y(), sum.x());
  return {ra < 0.0 ? ra + 2.0 * std::numbers::pi : ra,
          std::atan2(sum.z(), std::hypot(sum.x(), sum.y()))};
}

/// Half the longer side of the pixels that the control points cover, and their middle.
std::pair<Point, double> extent(std::vector<WcsControlPoint> const& points) {
  Point low = points.front().pixel;
  Point high = low;
  for (WcsControlPoint const& p : points) {
    low = {std::min(low.x, p.pixel.x), std::min(low.y, p.pixel.y)};
    high = {std::max(high.x, p.pixel.x), std::max(high.y, p.pixel.y)};
  }
  double const half = 0.5 * std::max(high.x - low.x, high.y - low.y);
  return {{0.5 * (low.x + high.x), 0.5 * (low.y + high.y)}, half > 0.0 ? half : 1.0};
}

/// Where a pair of polynomials is (0, 0), by Newton's method.
Point root_of(PolynomialPair const& polynomials, Point start) {
  Point p = start;
  for (int step = 0; step < 20; ++step) {
    auto const [f, g] = polynomials.expanded_about(p);
    double const determinant = f.at(1, 0) * g.at(0, 1) - f.at(0, 1) * g.at(1, 0);
    Point const move{-(f.at(0, 0) * g.at(0, 1) - f.at(0, 1) * g.at(0, 0)) / determinant,
                     -(f.at(1, 0) * g.at(0, 0) - f.at(0, 0) * g.at(1, 0)) / determinant};
    p = {p.x + move.x, p.y + move.y};
    if (std::abs(move.x) + std::abs(move.y) < 1e-10 * (1.0 + std::abs(p.x) + std::abs(p.y))) {
      return p;
    }
  }
  throw DataError("WCS fit: the fitted polynomials have no reference pixel; are the pairs right?");
}

/// The polynomials that undo a distortion, fitted on a grid of pixels over the box.
std::array<SipPolynomial, 2> reverse_of(SipPolynomial const& a, SipPolynomial const& b, Point crpix,
                                        Box const& box) {
  // One order more than the distortion itself: the inverse of a polynomial is a series.
  int const order = a.order() + 1;
  int const steps = 4 * order;
  Pairs pairs;
  double scale = 1.0;
  for (int row = 0; row <= steps; ++row) {
    for (int column = 0; column <= steps; ++column) {
      double const u = box.x0 - 0.5 + static_cast<double>(box.width) * column / steps - crpix.x;
      double const v = box.y0 - 0.5 + static_cast<double>(box.height) * row / steps - crpix.y;
      Point const shift{a(u, v), b(u, v)};
      pairs.push_back({{u + shift.x, v + shift.y}, {-shift.x, -shift.y}, 1.0});
      scale = std::max({scale, std::abs(pairs.back().from.x), std::abs(pairs.back().from.y)});
    }
  }
  PolynomialPair polynomials(order, {}, scale);
  if (!polynomials.fit(pairs)) {
    throw DataError("WCS fit: the reverse polynomials are not determined over the box");
  }
  return polynomials.expanded_about({});
}

void measure_residuals(WcsFit& fit, std::vector<WcsControlPoint> const& points) {
  double sum = 0.0;
  double weights = 0.0;
  for (WcsControlPoint const& p : points) {
    double const residual = separation(fit.wcs.pixel_to_sky(p.pixel), p.sky) / radians_per_arcsec;
    sum += p.weight * residual * residual;
    weights += p.weight;
    fit.maximum_arcsec = std::max(fit.maximum_arcsec, residual);
  }
  fit.rms_arcsec = std::sqrt(sum / weights);
}

}  // namespace

namespace {

/// The same direction to 1e-9 degrees, as a number of degrees that CRVAL cards keep exactly.
SkyPoint card_direction(SkyPoint sky) {
  auto const rounded = [](double radians) {
    return std::round(radians / radians_per_degree * 1e9) / 1e9 * radians_per_degree;
  };
  return {rounded(sky.ra), rounded(sky.dec)};
}

}  // namespace

WcsFit fit_wcs(std::span<WcsControlPoint const> points, Box const& box, int sip_order) {
  if (sip_order < 0 || sip_order > maximum_order) {
    throw DataError(
        fmt::format("WCS fit: SIP order {} is not within 0..{}", sip_order, maximum_order));
  }
  if (box.empty()) throw DataError("WCS fit: the box is empty");
  auto const used = usable(points);
  int const order = std::max(sip_order, 1);
  auto const terms = static_cast<std::size_t>((order + 1) * (order + 2) / 2);
  if (used.size() < terms) {
    throw DataError(fmt::format("WCS fit: order {} needs at least {} control points, got {}", order,
                                terms, used.size()));
  }

  // Tangent-plane degrees about the mean direction: a plain TAN whose pixels are degrees.
  SkyPoint const crval = card_direction(mean_direction(used));
  Wcs const plane({}, crval, {1.0, 0.0, 0.0, 1.0});
  Pairs pairs;
  for (WcsControlPoint const& p : used) {
    pairs.push_back({p.pixel, plane.sky_to_pixel(p.sky), p.weight});
  }
  auto const [middle, half] = extent(used);
  PolynomialPair polynomials(order, middle, half);
  if (!polynomials.fit(pairs)) {
    throw DataError(fmt::format(
        "WCS fit: the {} control points lie so that they do not determine an order {} fit",
        used.size(), order));
  }

  // Expanded about the pixel of the tangent point there is no constant; the linear part is CD, and
  // what follows it, seen through CD⁻¹, is the distortion.
  Point const crpix = root_of(polynomials, middle);
  auto const [xi, eta] = polynomials.expanded_about(crpix);
  Eigen::Matrix2d cd;
  cd << xi.at(1, 0), xi.at(0, 1), eta.at(1, 0), eta.at(0, 1);
  WcsFit fit{Wcs(crpix, crval, {cd(0, 0), cd(0, 1), cd(1, 0), cd(1, 1)})};
  if (sip_order > 1) {
    SipPolynomial a(sip_order);
    SipPolynomial b(sip_order);
    Eigen::Matrix2d const inverse = cd.inverse();
    for (auto const& [i, j] : terms_of(sip_order)) {
      if (i + j < 2) continue;
      Eigen::Vector2d const c = inverse * Eigen::Vector2d(xi.at(i, j), eta.at(i, j));
      a.at(i, j) = c[0];
      b.at(i, j) = c[1];
    }
    auto [ap, bp] = reverse_of(a, b, crpix, box);
    fit.wcs.set_sip(std::move(a), std::move(b), std::move(ap), std::move(bp));
  }
  measure_residuals(fit, used);
  return fit;
}

}  // namespace almagest
