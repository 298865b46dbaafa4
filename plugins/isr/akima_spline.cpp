#include "akima_spline.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "almagest/error.hpp"
#include "almagest/text.hpp"

namespace isr {
namespace {

void require_points(std::span<double const> x, std::span<double const> y) {
  using almagest::DataError;
  if (x.size() != y.size())
    throw DataError("spline: " + std::to_string(x.size()) + " positions but " +
                    std::to_string(y.size()) + " values");
  if (x.size() < 2) throw DataError("spline: needs two points at least");
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i]) || !std::isfinite(y[i]))
      throw DataError("spline: point " + std::to_string(i + 1) + " is not finite");
    if (i > 0 && !(x[i] > x[i - 1]))
      throw DataError("spline: positions must increase, but " + almagest::fixed(x[i - 1], 3) +
                      " is followed by " + almagest::fixed(x[i], 3));
  }
}

/// Slopes of the straight lines between neighbours, with two more at each end, which continue
/// their change: slope i − 2 … i + 1 surround point i.
std::vector<double> extended_slopes(std::span<double const> x, std::span<double const> y) {
  std::size_t const lines = x.size() - 1;
  std::vector<double> m(lines + 4);
  for (std::size_t i = 0; i < lines; ++i) m[i + 2] = (y[i + 1] - y[i]) / (x[i + 1] - x[i]);
  std::size_t const last = lines + 1;
  double const start = lines > 1 ? m[3] - m[2] : 0.0;
  double const end = lines > 1 ? m[last] - m[last - 1] : 0.0;
  m[1] = m[2] - start;
  m[0] = m[1] - start;
  m[last + 1] = m[last] + end;
  m[last + 2] = m[last + 1] + end;
  return m;
}

double slope_at(double const* m) {
  double const before = std::abs(m[1] - m[0]);
  double const after = std::abs(m[3] - m[2]);
  if (before + after == 0.0) return 0.5 * (m[1] + m[2]);
  return (after * m[1] + before * m[2]) / (after + before);
}

}  // namespace

AkimaSpline::AkimaSpline(std::span<double const> x, std::span<double const> y) {
  require_points(x, y);
  std::vector<double> const m = extended_slopes(x, y);
  pieces_.reserve(x.size() - 1);
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    double const width = x[i + 1] - x[i];
    double const line = m[i + 2];
    double const here = slope_at(&m[i]);
    double const next = slope_at(&m[i + 1]);
    pieces_.push_back({x[i],
                       {y[i], here, (3.0 * line - 2.0 * here - next) / width,
                        (here + next - 2.0 * line) / (width * width)}});
  }
  last_ = x.back();
}

double AkimaSpline::operator()(double x) const noexcept {
  auto const after = std::upper_bound(pieces_.begin(), pieces_.end(), x,
                                      [](double v, Piece const& p) { return v < p.start; });
  Piece const& p = after == pieces_.begin() ? pieces_.front() : *(after - 1);
  double const d = x - p.start;
  if (d < 0.0) return p.c[0] + d * (p.c[1] + d * p.c[2]);
  double const inside = std::min(x, last_) - p.start;
  double value = p.c[0] + inside * (p.c[1] + inside * (p.c[2] + inside * p.c[3]));
  if (x > last_) {
    double const beyond = x - last_;
    double const slope = p.c[1] + inside * (2.0 * p.c[2] + inside * 3.0 * p.c[3]);
    double const bend = p.c[2] + 3.0 * p.c[3] * inside;
    value += beyond * (slope + beyond * bend);
  }
  return value;
}

}  // namespace isr
