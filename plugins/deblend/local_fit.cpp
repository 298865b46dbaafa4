#include "local_fit.hpp"

#include <algorithm>
#include <cmath>

namespace deblend {
namespace {
using namespace almagest;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int sky_terms = 3;           // constant, x, y
constexpr int shift_terms = 2;         // the PSF's derivatives
constexpr double precision = 0x1p-53;  // a term is nothing when it is smaller by this factor
constexpr double negligible = 1e-6;    // a neighbour's PSF at the pixels, over that of the peak
constexpr double rounding = 1e-24;     // what rounding may leave of the square of nothing

/// Radii between which a pixel's weight falls from 1 to 0 [pixel].
struct Radii {
  int inner, outer;
  explicit Radii(double fwhm)
      : inner(static_cast<int>(std::ceil(fwhm))), outer(static_cast<int>(std::ceil(1.5 * fwhm))) {}
  double fade(double radius) const noexcept {
    return radius <= inner ? 1.0 : std::max(0.0, 1.0 - (radius - inner) / (outer - inner));
  }
};

int square_distance(Pixel a, Pixel b) noexcept {
  return (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y);
}

double value_at(Image<double> const& stamp, int x, int y) noexcept {
  return stamp.bbox().contains(x, y) ? stamp.at({x, y}) : 0.0;
}

/// Peaks so near that their PSF may reach the pixels around one of them.
std::vector<std::size_t> neighbours(std::span<PeakPsf const> peaks, std::size_t index, int radius) {
  Image<double> const& stamp = peaks[index].stamp;
  double const reach = radius + std::min(stamp.width(), stamp.height()) / 2.0;
  std::vector<std::size_t> near;
  for (std::size_t k = 0; k < peaks.size(); ++k)
    if (k != index && square_distance(peaks[k].pixel, peaks[index].pixel) <= reach * reach)
      near.push_back(k);
  return near;
}

}  // namespace

Box local_box(Pixel peak, double fwhm, Box const& footprint) {
  return intersection(footprint, Box{peak.x, peak.y, 1, 1}.grown(Radii(fwhm).outer));
}

LocalFit::LocalFit(MaskedImage const& pixels, Region const& footprint,
                   std::span<PeakPsf const> peaks, std::size_t index, double fwhm,
                   bool keep_empty_terms)
    : peak_(peaks[index]) {
  take_samples(pixels, footprint, fwhm);
  fit_surroundings(peaks, index, fwhm, keep_empty_terms);
}

void LocalFit::take_samples(MaskedImage const& pixels, Region const& footprint, double fwhm) {
  Radii const radii(fwhm);
  Box const box = local_box(peak_.pixel, fwhm, footprint.bbox());
  samples_.reserve(static_cast<std::size_t>(box.area()));
  light_.resize(static_cast<Index>(box.area()));
  Index count = 0;
  for (int y = box.y0; y <= box.y1(); ++y) {
    for (int x = box.x0; x <= box.x1(); ++x) {
      Pixel const pixel{x, y};
      int const square = square_distance(pixel, peak_.pixel);
      if (footprint.at(pixel) == 0 || square > radii.outer * radii.outer) continue;
      double const variance = pixels.variance.at(pixel), value = pixels.image.at(pixel);
      if (!(variance > 0.0) || !std::isfinite(variance) || !std::isfinite(value)) continue;
      double const fade = radii.fade(std::sqrt(square));
      double const weight = std::sqrt(fade / variance);
      samples_.push_back({pixel, weight});
      light_[count++] = value * weight;
      freedom_ += fade;
    }
  }
  light_.conservativeResize(count);
}

void LocalFit::fit_surroundings(std::span<PeakPsf const> peaks, std::size_t index, double fwhm,
                                bool keep_empty_terms) {
  std::vector<std::size_t> const near = neighbours(peaks, index, Radii(fwhm).outer);
  MatrixXd design(light_.size(), sky_terms + static_cast<Index>(near.size()));
  design.col(0) = column([](int, int) { return 1.0; });
  design.col(1) = column([&](int x, int) { return double(x - peak_.pixel.x); });
  design.col(2) = column([&](int, int y) { return double(y - peak_.pixel.y); });
  terms_ = sky_terms;
  double const least = negligible * psf_column(peak_.stamp).norm();
  for (std::size_t const k : near) {
    design.col(terms_) = psf_column(peaks[k].stamp);
    if (keep_empty_terms || design.col(terms_).norm() > least) ++terms_;
  }
  freedom_ -= static_cast<double>(terms_ + 1);
  if (freedom_ - shift_terms <= 0.0) return;
  surroundings_.setThreshold(precision);
  surroundings_.compute(design.leftCols(terms_));
  possible_ = surroundings_.rank() == terms_;
  if (possible_) light_ = own(light_);
}

template <class F>
VectorXd LocalFit::column(F const& value) const {
  VectorXd values(static_cast<Index>(samples_.size()));
  double* to = values.data();
  for (Sample const& s : samples_) *to++ = value(s.pixel.x, s.pixel.y) * s.weight;
  return values;
}

VectorXd LocalFit::psf_column(Image<double> const& stamp) const {
  return column([&](int x, int y) { return value_at(stamp, x, y); });
}

VectorXd LocalFit::own(VectorXd const& values) const {
  VectorXd rotated = values;
  rotated.applyOnTheLeft(surroundings_.householderQ().adjoint());
  return rotated.tail(values.size() - terms_);
}

std::optional<LocalFit::Star> LocalFit::star(Image<double> const& stamp) const {
  if (!possible_) return std::nullopt;
  VectorXd const whole = psf_column(stamp), psf = own(whole);
  double const square = psf.squaredNorm();
  if (!(square > rounding * whole.squaredNorm())) return std::nullopt;
  double const flux = psf.dot(light_) / square;
  return Star{flux, (light_ - flux * psf).squaredNorm() / freedom_};
}

std::optional<LocalFit::ShiftedStar> LocalFit::shifted_star() const {
  if (!possible_) return std::nullopt;
  Image<double> const& stamp = peak_.stamp;
  MatrixXd columns(light_.size(), 1 + shift_terms);
  columns.col(0) = own(psf_column(stamp));
  columns.col(1) = own(column(
      [&](int x, int y) { return (value_at(stamp, x + 1, y) - value_at(stamp, x - 1, y)) / 2.0; }));
  columns.col(2) = own(column(
      [&](int x, int y) { return (value_at(stamp, x, y + 1) - value_at(stamp, x, y - 1)) / 2.0; }));
  Eigen::ColPivHouseholderQR<MatrixXd> qr;
  qr.setThreshold(precision);
  qr.compute(columns);
  if (qr.rank() < columns.cols()) return std::nullopt;
  VectorXd const c = qr.solve(light_);
  return ShiftedStar{{c[1] / c[0], c[2] / c[0]},
                     (light_ - columns * c).squaredNorm() / (freedom_ - shift_terms)};
}

}  // namespace deblend
