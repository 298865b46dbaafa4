#include "psf_flux.hpp"

#include <cmath>
#include <cstddef>
#include <limits>

#include "almagest/geometry.hpp"

#include "pair.hpp"

namespace measurement {
namespace {

using almagest::Box;
using almagest::Image;

bool finite(float value) noexcept {
  return std::abs(value) <= std::numeric_limits<float>::max();
}

/// One row of the box in the image, its variance and the PSF.
struct Row {
  double const* psi;
  float const* values;
  float const* variances;
  std::size_t size;

  Row(Image<float> const& image, Image<float> const& variance, Image<double> const& stamp,
      Box const& box, int y)
      : psi(stamp.row(y - stamp.bbox().y0).data() + (box.x0 - stamp.bbox().x0)),
        values(image.row(y - image.bbox().y0).data() + (box.x0 - image.bbox().x0)),
        variances(variance.row(y - image.bbox().y0).data() + (box.x0 - image.bbox().x0)),
        size(static_cast<std::size_t>(box.width)) {}
};

struct Sums {
  double signal = 0.0, squares = 0.0, noise = 0.0, profile = 0.0;
  bool bad_pixels = false;
  bool finite() const { return std::isfinite(signal) && std::isfinite(noise); }
};

void add(Row const& row, std::size_t x, Sums& sums) {
  double const square = row.psi[x] * row.psi[x];
  sums.signal += row.psi[x] * double{row.values[x]};
  sums.squares += square;
  sums.noise += square * double{row.variances[x]};
  sums.profile += row.psi[x];
}

/// Two pixels at a time, whatever they hold.
Sums fast_sums(Image<float> const& image, Image<float> const& variance, Image<double> const& stamp,
               Box const& box) {
  Pair signal{}, squares{}, noise{}, profile{};
  Sums sums;
  for (int y = box.y0; y <= box.y1(); ++y) {
    Row const row(image, variance, stamp, box, y);
    std::size_t x = 0;
    for (; x + 2 <= row.size; x += 2) {
      Pair const psi = load(row.psi + x);
      Pair const square = psi * psi;
      signal += psi * load(row.values + x);
      squares += square;
      noise += square * load(row.variances + x);
      profile += psi;
    }
    if (x < row.size) add(row, x, sums);
  }
  sums.signal += total(signal);
  sums.squares += total(squares);
  sums.noise += total(noise);
  sums.profile += total(profile);
  return sums;
}

/// Without the pixels that are not finite.
Sums careful_sums(Image<float> const& image, Image<float> const& variance,
                  Image<double> const& stamp, Box const& box) {
  Sums sums;
  for (int y = box.y0; y <= box.y1(); ++y) {
    Row const row(image, variance, stamp, box, y);
    for (std::size_t x = 0; x < row.size; ++x)
      if (finite(row.values[x]) && finite(row.variances[x]))
        add(row, x, sums);
      else
        sums.bad_pixels = true;
  }
  return sums;
}

}  // namespace

PsfFluxResult psf_flux(Image<float> const& image, Image<float> const& variance,
                       Image<double> const& stamp) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  Box const box = intersection(stamp.bbox(), image.bbox());
  bool const edge = box != stamp.bbox();
  if (box.empty()) return {nan, nan, nan, edge, false};
  Sums sums = fast_sums(image, variance, stamp, box);
  if (!sums.finite()) sums = careful_sums(image, variance, stamp, box);
  if (!(sums.squares > 0.0)) return {nan, nan, nan, edge, sums.bad_pixels};
  return {sums.signal / sums.squares, std::sqrt(sums.noise) / sums.squares,
          sums.profile / sums.squares, edge, sums.bad_pixels};
}

}  // namespace measurement
