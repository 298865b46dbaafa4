#include "almagest/wcs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "almagest/error.hpp"

namespace almagest {
namespace {

using Matrix = std::array<double, 4>;  // row by row

double determinant(Matrix const& m) noexcept {
  return m[0] * m[3] - m[1] * m[2];
}

Point multiply(Matrix const& m, Point p) noexcept {
  return {m[0] * p.x + m[1] * p.y, m[2] * p.x + m[3] * p.y};
}

Point solve(Matrix const& m, Point p) noexcept {
  double const d = determinant(m);
  return {(m[3] * p.x - m[1] * p.y) / d, (m[0] * p.y - m[2] * p.x) / d};
}

/// Tangent-plane position (xi east, eta north) → sky.
///
/// Declination and right ascension come as differences from the tangent point's, so that they are
/// exact to their last digit also where the field is small.
SkyPoint deproject(Point plane, SkyPoint tangent) noexcept {
  double const sin_dec = std::sin(tangent.dec);
  double const cos_dec = std::cos(tangent.dec);
  double const towards_pole = cos_dec - plane.y * sin_dec;  // ≤ 0 beyond the pole
  double const distance = std::hypot(plane.x, towards_pole);
  double const excess =
      towards_pole > 0.0 ? plane.x * plane.x / (distance + towards_pole) : distance - towards_pole;
  double const ra = tangent.ra + std::atan2(plane.x, towards_pole);
  double const dec = tangent.dec + std::atan2(plane.y - sin_dec * excess, 1.0 + cos_dec * excess);
  constexpr double turn = 2.0 * std::numbers::pi;
  double wrapped = std::fmod(ra, turn);
  if (wrapped < 0.0) wrapped += turn;
  if (wrapped >= turn) wrapped = 0.0;  // a negative rounding error plus a turn
  return {wrapped, std::clamp(dec, -0.5 * std::numbers::pi, 0.5 * std::numbers::pi)};
}

/// Sky → tangent-plane position; nothing on the other hemisphere.
std::optional<Point> project(SkyPoint sky, SkyPoint tangent) noexcept {
  double const d_ra = sky.ra - tangent.ra;
  double const d_dec = sky.dec - tangent.dec;
  double const half = std::sin(0.5 * d_ra);
  double const versine = 2.0 * half * half * std::cos(sky.dec);
  double const cos_distance = std::cos(d_dec) - std::cos(tangent.dec) * versine;
  if (!(cos_distance > 0.0)) return std::nullopt;
  return Point{std::cos(sky.dec) * std::sin(d_ra) / cos_distance,
               (std::sin(d_dec) + std::sin(tangent.dec) * versine) / cos_distance};
}

struct Gradient {
  double u;
  double v;
};

/// The derivatives of Σ c(i,j) u^i v^j.
Gradient gradient(SipPolynomial const& p, double u, double v) noexcept {
  // Horner's rule carries the value of each series in v and its derivative along.
  double sum = 0.0;
  Gradient g{0.0, 0.0};
  for (int i = p.order(); i >= 0; --i) {
    double in_v = 0.0;
    double in_v_derivative = 0.0;
    for (int j = p.order() - i; j >= 0; --j) {
      in_v_derivative = in_v_derivative * v + in_v;
      in_v = in_v * v + p.at(i, j);
    }
    g.u = g.u * u + sum;
    sum = sum * u + in_v;
    g.v = g.v * u + in_v_derivative;
  }
  return g;
}

/// Pixel offsets → undistorted pixel offsets, one direction and its derivative.
class Distortion {
 public:
  Distortion(SipPolynomial const& a, SipPolynomial const& b) : a_(a), b_(b) {}

  Point operator()(Point p) const noexcept { return {p.x + a_(p.x, p.y), p.y + b_(p.x, p.y)}; }

  Matrix jacobian(Point p) const noexcept {
    if (a_.empty()) return {1.0, 0.0, 0.0, 1.0};
    Gradient const a = gradient(a_, p.x, p.y);
    Gradient const b = gradient(b_, p.x, p.y);
    return {1.0 + a.u, a.v, b.u, 1.0 + b.v};
  }

  /// The p near `start` with (*this)(p) = target, by Newton's method; nothing when there is none on
  /// the sheet where the distortion keeps its orientation.
  std::optional<Point> invert(Point target, Point start) const noexcept {
    constexpr int maximum_steps = 30;
    constexpr double precision = 1e-11;  // [pixel]
    // What double precision allows far from the reference pixel.
    double const tolerance = std::max(precision, 8.0 * std::numeric_limits<double>::epsilon() *
                                                     (std::abs(target.x) + std::abs(target.y)));
    Point p = start;
    for (int step = 0; step < maximum_steps; ++step) {
      Matrix const derivative = jacobian(p);
      if (!(determinant(derivative) > 0.0)) return std::nullopt;
      Point const here = (*this)(p);
      Point const move = solve(derivative, {target.x - here.x, target.y - here.y});
      p = {p.x + move.x, p.y + move.y};
      if (std::abs(move.x) <= tolerance && std::abs(move.y) <= tolerance) return p;
    }
    return std::nullopt;
  }

 private:
  SipPolynomial const& a_;
  SipPolynomial const& b_;
};

std::string in_degrees(SkyPoint sky) {
  return fmt::format("ra {:.6f} dec {:.6f} deg", sky.ra / radians_per_degree,
                     sky.dec / radians_per_degree);
}

bool all_finite(std::initializer_list<double> values) noexcept {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

}  // namespace

SipPolynomial::SipPolynomial(int order) : order_(order) {
  constexpr int largest = 9;  // of the SIP convention
  if (order < 0 || order > largest) {
    throw DataError(fmt::format("SIP polynomial: order {} is not within 0..{}", order, largest));
  }
  auto const side = static_cast<std::size_t>(order) + 1;
  coefficients_.resize(side * side);
}

double SipPolynomial::operator()(double u, double v) const noexcept {
  if (empty()) return 0.0;
  double sum = 0.0;
  for (int i = order_; i >= 0; --i) {
    double in_v = 0.0;
    for (int j = order_ - i; j >= 0; --j) in_v = in_v * v + at(i, j);
    sum = sum * u + in_v;
  }
  return sum;
}

Wcs::Wcs(Point crpix, SkyPoint crval, std::array<double, 4> cd)
    : crpix_(crpix), crval_(crval), cd_(cd) {
  if (!all_finite({crpix.x, crpix.y, crval.ra, crval.dec, cd[0], cd[1], cd[2], cd[3]})) {
    throw DataError("WCS: the reference point or the CD matrix is not finite");
  }
  if (determinant(cd) == 0.0) {
    throw DataError(fmt::format("WCS: the CD matrix {{{}, {}, {}, {}}} is singular", cd[0], cd[1],
                                cd[2], cd[3]));
  }
}

void Wcs::set_sip(SipPolynomial a, SipPolynomial b, SipPolynomial reverse_a,
                  SipPolynomial reverse_b) {
  auto const complete = [](SipPolynomial& p, SipPolynomial& q) {
    if (p.empty() && !q.empty()) p = SipPolynomial(q.order());
    if (q.empty() && !p.empty()) q = SipPolynomial(p.order());
  };
  complete(a, b);
  complete(reverse_a, reverse_b);
  a_ = std::move(a);
  b_ = std::move(b);
  ap_ = std::move(reverse_a);
  bp_ = std::move(reverse_b);
}

SkyPoint Wcs::pixel_to_sky(Point pixel) const noexcept {
  Point const offset{pixel.x - crpix_.x, pixel.y - crpix_.y};
  Point const degrees = multiply(cd_, Distortion(a_, b_)(offset));
  return deproject({degrees.x * radians_per_degree, degrees.y * radians_per_degree}, crval_);
}

Point Wcs::sky_to_pixel(SkyPoint sky) const {
  auto const plane = project(sky, crval_);
  if (!plane) {
    throw DataError(fmt::format("WCS: {} is not on the hemisphere of the reference point, {}",
                                in_degrees(sky), in_degrees(crval_)));
  }
  Point const target = solve(cd_, {plane->x / radians_per_degree, plane->y / radians_per_degree});
  if (!has_sip()) return {crpix_.x + target.x, crpix_.y + target.y};

  Distortion const forward(a_, b_);
  auto offset = forward.invert(target, Distortion(ap_, bp_)(target));
  // Far outside the image the reverse polynomials may point nowhere.
  if (!offset && !ap_.empty()) offset = forward.invert(target, target);
  if (!offset) {
    throw DataError(
        fmt::format("WCS: the SIP distortion cannot be inverted at {}", in_degrees(sky)));
  }
  return {crpix_.x + offset->x, crpix_.y + offset->y};
}

std::array<double, 4> Wcs::jacobian(Point pixel) const noexcept {
  Matrix const d = Distortion(a_, b_).jacobian({pixel.x - crpix_.x, pixel.y - crpix_.y});
  Matrix const product{cd_[0] * d[0] + cd_[1] * d[2], cd_[0] * d[1] + cd_[1] * d[3],
                       cd_[2] * d[0] + cd_[3] * d[2], cd_[2] * d[1] + cd_[3] * d[3]};
  return {product[0] * radians_per_degree, product[1] * radians_per_degree,
          product[2] * radians_per_degree, product[3] * radians_per_degree};
}

double Wcs::pixel_scale(Point pixel) const noexcept {
  Point const offset{pixel.x - crpix_.x, pixel.y - crpix_.y};
  Point const degrees = multiply(cd_, Distortion(a_, b_)(offset));
  double const xi = degrees.x * radians_per_degree;
  double const eta = degrees.y * radians_per_degree;
  // An element of the tangent plane covers cos³ of its distance from the tangent point.
  double const cosine = 1.0 / std::sqrt(1.0 + xi * xi + eta * eta);
  return std::sqrt(std::abs(determinant(jacobian(pixel))) * cosine * cosine * cosine);
}

Wcs Wcs::shifted(Pixel offset) const {
  Wcs moved = *this;
  moved.crpix_.x -= offset.x;
  moved.crpix_.y -= offset.y;
  return moved;
}

}  // namespace almagest
