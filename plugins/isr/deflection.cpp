#include "deflection.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>
#include <type_traits>

#include "almagest/error.hpp"

#include "octets.hpp"

namespace isr {
namespace {
using namespace almagest;

// Four sums that do not wait for each other keep the adders busy.
constexpr std::size_t octets_at_once = 4;
constexpr std::size_t step = octets_at_once * lanes;
// So many columns of all rows that a pixel's potential depends on stay in the first cache.
constexpr std::size_t tile = 8 * step;
using Sums = std::array<Octet, octets_at_once>;

ISR_INLINE inline void store_sums(Sums const& sums, float* to) noexcept {
  for (std::size_t o = 0; o < octets_at_once; ++o) store(sums[o], to + o * lanes, whole);
}

/// Whether a kernel and its mirror images differ by less than the rounding of single precision.
bool symmetric(Image<double> const& kernel) {
  double largest = 0.0, difference = 0.0;
  int const last = kernel.width() - 1;
  for (int y = 0; y <= last; ++y)
    for (int x = 0; x <= last; ++x) {
      largest = std::max(largest, std::abs(kernel(x, y)));
      difference = std::max({difference, std::abs(kernel(x, y) - kernel(last - x, y)),
                             std::abs(kernel(x, y) - kernel(x, last - y))});
    }
  return difference <= 1e-7 * largest;
}

/// Three rows of the potential around the one at hand. Index x is pixel x + offset of the image.
struct PotentialRows {
  float const *below, *here, *above;
};

struct EstimateRows {
  float const *far_below, *below, *here, *above, *far_above;
};

/// ½(∇I·∇F + I∇²F).
struct Gradient {
  EstimateRows charge;
  PotentialRows field;
  ISR_INLINE void operator()(std::size_t x, std::size_t at, Octet& sum) const noexcept {
    Octet f, f_left, f_right, f_below, f_above, i, i_left, i_right, i_below, i_above;
    load(f, field.here + at, whole);
    load(f_left, field.here + at - 1, whole);
    load(f_right, field.here + at + 1, whole);
    load(f_below, field.below + at, whole);
    load(f_above, field.above + at, whole);
    load(i, charge.here + x, whole);
    load(i_left, charge.here + x - 1, whole);
    load(i_right, charge.here + x + 1, whole);
    load(i_below, charge.below + x, whole);
    load(i_above, charge.above + x, whole);
    Octet const slopes =
        (i_right - i_left) * (f_right - f_left) + (i_above - i_below) * (f_above - f_below);
    Octet const bend = ((f_right - f) - (f - f_left)) + ((f_above - f) - (f - f_below));
    sum = 0.125F * slopes + 0.5F * (i * bend);
  }
};

/// What comes through the four faces of a pixel, with the intensity at a face that gives pixels
/// their averages: (7(I₀ + I₁) − (I₋₁ + I₂))/12.
struct FourthOrderFlux {
  EstimateRows charge;
  PotentialRows field;
  ISR_INLINE void operator()(std::size_t x, std::size_t at, Octet& sum) const noexcept {
    Octet f, i;
    load(f, field.here + at, whole);
    load(i, charge.here + x, whole);
    sum = Octet{};
    auto const face = [&](float const* field_there, float const* there, float const* beyond,
                          float const* opposite) ISR_INLINE {
      Octet f_there, i_there, i_beyond, i_opposite;
      load(f_there, field_there, whole);
      load(i_there, there, whole);
      load(i_beyond, beyond, whole);
      load(i_opposite, opposite, whole);
      sum += (f_there - f) * (7.0F * (i + i_there) - (i_opposite + i_beyond));
    };
    float const* const here = charge.here + x;
    face(field.here + at - 1, here - 1, here - 2, here + 1);
    face(field.here + at + 1, here + 1, here + 2, here - 1);
    face(field.below + at, charge.below + x, charge.far_below + x, charge.above + x);
    face(field.above + at, charge.above + x, charge.far_above + x, charge.below + x);
    sum *= 1.0F / 24.0F;
  }
};

/// What comes through the four faces of a pixel: of two neighbours, the one with the higher F gives
/// ½·I·|ΔF| to the other.
struct DonorFlux {
  EstimateRows charge;
  PotentialRows field;
  ISR_INLINE void operator()(std::size_t x, std::size_t at, Octet& sum) const noexcept {
    Octet f, i;
    load(f, field.here + at, whole);
    load(i, charge.here + x, whole);
    sum = Octet{};
    auto const face = [&](float const* field_there, float const* charge_there) ISR_INLINE {
      Octet f_there, i_there;
      load(f_there, field_there, whole);
      load(i_there, charge_there, whole);
      Octet const rise = f_there - f;
      sum += rise * (rise > 0.0F ? i_there : i);
    };
    face(field.here + at - 1, charge.here + x - 1);
    face(field.here + at + 1, charge.here + x + 1);
    face(field.below + at, charge.below + x);
    face(field.above + at, charge.above + x);
    sum *= 0.5F;
  }
};

/// result = observed + correction for `n` columns from `first` on. \returns Σ|result − estimate|
template <class Correction>
double correct_row(Correction const& correction, float const* observed, float* result,
                   std::size_t first, std::size_t n) {
  double total = 0.0;
  vectorised([&]() ISR_INLINE {
    Octet changes{};
    auto const step_by = [&](std::size_t k, auto count) ISR_INLINE {
      Octet sum, seen, before;
      correction(first + k, k + 1, sum);
      load(seen, observed + first + k, count);
      load(before, correction.charge.here + first + k, count);
      Octet const now = seen + sum;
      store(now, result + first + k, count);
      Octet change = now - before;
      if constexpr (std::is_same_v<decltype(count), std::size_t>)
        for (std::size_t i = count; i < lanes; ++i) change[i] = 0.0F;
      changes += change < 0.0F ? -change : change;
    };
    std::size_t k = 0;
    for (; k + lanes <= n; k += lanes) step_by(k, whole);
    if (k < n) step_by(k, n - k);
    for (std::size_t i = 0; i < lanes; ++i) total += double{changes[i]};
  });
  return total;
}

}  // namespace

Deflection::Deflection(Image<double> const& kernel) {
  side_ = kernel.width();
  if (side_ < 3 || side_ != kernel.height() || side_ % 2 == 0)
    throw DataError(
        "brighter-fatter kernel: want as many rows as columns, an odd number and 3 at least, got " +
        std::to_string(kernel.height()) + " rows and " + std::to_string(side_) + " columns");
  for (double const k : kernel.pixels())
    if (!std::isfinite(k)) throw DataError("brighter-fatter kernel: a value is not finite");
  half_ = side_ / 2;
  symmetric_ = symmetric(kernel);
  int const first = symmetric_ ? half_ : 0;
  for (int y = first; y < side_; ++y)
    for (int x = first; x < side_; ++x) kernel_.push_back(static_cast<float>(kernel(x, y)));
}

Deflection::Rimmed::Rimmed(Image<float> const& image)
    : width_(image.width()),
      height_(image.height()),
      // Whole steps and octets are read beyond a row's end.
      stride_(static_cast<std::size_t>(width_) + 2 + step + lanes),
      pixels_(stride_ * static_cast<std::size_t>(height_ + 2)) {
  for (int y = -1; y <= height_; ++y) {
    std::span<float const> const from = image.row(std::clamp(y, 0, height_ - 1));
    float* const to = row(y);
    std::copy(from.begin(), from.end(), to);
    to[-1] = from.front();
    to[width_] = from.back();
  }
}

/// The potential of a row's pixels from margin() − 1 on, whole steps of them.
void Deflection::potential(Rimmed const& charge, int y, float* to) const {
  if (symmetric_) return potential_of_symmetric(charge, y, to);
  auto const n = static_cast<std::size_t>(charge.width() - 2 * half_ + 2);
  vectorised([&, n]() ISR_INLINE {
    for (std::size_t x = 0; x < n; x += step) {
      Sums sums{};
      float const* k = kernel_.data();
      for (int dy = -half_; dy <= half_; ++dy) {
        // A kernel's pixel (dx, dy) is what charge does at this distance from it. The pixel
        // `half_` to the right of the first one is number 2·half_ − 1 of the image.
        float const* const from = charge.row(y - dy) + 2 * half_ - 1 + x;
        for (int i = 0; i < side_; ++i, ++k)
          for (std::size_t o = 0; o < octets_at_once; ++o) {
            Octet c;
            load(c, from - i + o * lanes, whole);
            sums[o] += *k * c;
          }
      }
      store_sums(sums, to + x);
    }
  });
}

/// The same when mirrored pixels count alike: they are added before they are multiplied.
void Deflection::potential_of_symmetric(Rimmed const& charge, int y, float* to) const {
  auto const n = static_cast<std::size_t>(charge.width() - 2 * half_ + 2);
  std::size_t const reach = 2 * static_cast<std::size_t>(half_);
  std::size_t const stride = tile + reach + lanes;
  auto const rows = static_cast<std::size_t>(half_) + 1;
  std::vector<float> folded(rows * stride);  // row j: charge(y − j) + charge(y + j)
  vectorised([&, n]() ISR_INLINE {
    for (std::size_t begin = 0; begin < n; begin += tile) {
      std::size_t const columns = std::min(tile, (n - begin + step - 1) / step * step);
      for (std::size_t j = 0; j < rows; ++j) {
        float const* const below = charge.row(y - static_cast<int>(j)) - 1 + begin;
        float const* const above = charge.row(y + static_cast<int>(j)) - 1 + begin;
        for (std::size_t x = 0; x < columns + reach; x += lanes) {
          Octet sum, other;
          load(sum, below + x, whole);
          load(other, above + x, whole);
          if (j > 0) sum += other;
          store(sum, &folded[j * stride + x], whole);
        }
      }
      for (std::size_t x = 0; x < columns; x += step) {
        Sums sums{};
        float const* k = kernel_.data();
        for (std::size_t j = 0; j < rows; ++j) {
          float const* const middle = &folded[j * stride + x + reach / 2];
          for (std::size_t o = 0; o < octets_at_once; ++o) {
            Octet c;
            load(c, middle + o * lanes, whole);
            sums[o] += *k * c;
          }
          ++k;
          for (std::size_t i = 1; i < rows; ++i, ++k)
            for (std::size_t o = 0; o < octets_at_once; ++o) {
              Octet left, right;
              load(left, middle + o * lanes - i, whole);
              load(right, middle + o * lanes + i, whole);
              sums[o] += *k * (left + right);
            }
        }
        store_sums(sums, to + begin + x);
      }
    }
  });
}

double Deflection::undo(Method method, Image<float> const& observed, Rimmed const& estimate,
                        Rimmed& result, int begin, int end) const {
  int const columns = observed.width() - 2 * half_;
  if (columns <= 0 || begin >= end) return 0.0;
  auto const n = static_cast<std::size_t>(columns);
  std::array<std::vector<float>, 3> rows;
  for (auto& row : rows) row.resize(n + 2 + step);
  potential(estimate, begin - 1, rows[0].data());
  potential(estimate, begin, rows[1].data());

  double change = 0.0;
  for (int y = begin; y < end; ++y) {
    potential(estimate, y + 1, rows[2].data());
    EstimateRows const charge{estimate.row(y - 2), estimate.row(y - 1), estimate.row(y),
                              estimate.row(y + 1), estimate.row(y + 2)};
    PotentialRows const field{rows[0].data(), rows[1].data(), rows[2].data()};
    auto const correct = [&](auto const& correction) {
      return correct_row(correction, observed.row(y).data(), result.row(y),
                         static_cast<std::size_t>(half_), n);
    };
    switch (method) {
      case Method::gradient:
        change += correct(Gradient{charge, field});
        break;
      case Method::faces:
        change += correct(FourthOrderFlux{charge, field});
        break;
      case Method::conserving_flux:
        change += correct(DonorFlux{charge, field});
        break;
    }
    std::rotate(rows.begin(), rows.begin() + 1, rows.end());
  }
  return change;
}

}  // namespace isr
