#include "almagest/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "almagest/error.hpp"
#include "not_a_number.hpp"
#include "order_statistics.hpp"
#include "registers.hpp"
#include "window_sums.hpp"

namespace almagest {
namespace {

using namespace statistics;

constexpr double sigma_per_interquartile_range = 0.741301109252802;  // of a normal distribution
constexpr double clip_sigmas = 3.0;
constexpr int clip_passes = 3;

/// The work behind both public functions; no value is NaN, and const ones are many.
template <class Value>
ClippedStatistics clip(std::span<Value> values) {
  if (values.empty()) throw MeasurementError("clipped statistics: there is no value");
  auto const [low, median, high] = quantiles<3, Value>(values, {0.25, 0.5, 0.75});
  double centre = median;
  double half_width = clip_sigmas * sigma_per_interquartile_range * (high - low);

  WindowSums window(values, centre, half_width);
  ClippedStatistics result;
  for (int pass = 0; pass < clip_passes; ++pass) {
    if (!window.covers(centre, half_width)) window = WindowSums(values, centre, half_width);
    Sums const sums = window.within(centre, half_width);
    double const n = sums.count;
    if (n == 0.0) {  // only infinities: no centre to clip around
      throw MeasurementError("clipped statistics: no finite value is left");
    }
    double const shift = sums.first / n;
    double const variance =
        n > 1.0 ? std::max(0.0, (sums.second - n * shift * shift) / (n - 1.0)) : 0.0;
    result.mean = window.centre() + shift;
    result.scatter = std::sqrt(variance);
    result.mean_error = result.scatter / std::sqrt(n);
    result.count = static_cast<std::int64_t>(n);
    centre = result.mean;
    half_width = clip_sigmas * result.scatter;
  }
  return result;
}

/// Copies the pixels whose mask has none of `bad`. \returns the end of what was written
float* append_unmasked(std::span<float const> pixels, std::span<MaskPixel const> mask,
                       MaskPixel bad, float* to) noexcept {
  constexpr std::size_t block = 8;
  std::size_t x = 0;
  auto const one_by_one = [&](std::size_t until) {
    for (; x < until; ++x) {
      *to = pixels[x];  // overwritten by the next one unless counted: no branch to mispredict
      to += (mask[x] & bad) == 0 ? 1 : 0;
    }
  };
  while (x + block <= pixels.size()) {
    std::array<IntQuad, 2> bits;
    static_assert(sizeof(bits) == block * sizeof(MaskPixel));
    std::memcpy(&bits, &mask[x], sizeof(bits));
    if (any((bits[0] | bits[1]) & bad)) {
      one_by_one(x + block);
      continue;
    }
    std::memcpy(to, &pixels[x], block * sizeof(float));
    to += block;
    x += block;
  }
  one_by_one(pixels.size());
  return to;
}

std::string describe(Box const& box) {
  return fmt::format("{} x {} at ({}, {})", box.width, box.height, box.x0, box.y0);
}

}  // namespace

ClippedStatistics clipped_statistics(std::span<float> values) {
  return clip(without_nan(values));
}

ClippedStatistics clipped_statistics(Image<float> const& image, Mask const& mask, MaskPixel bad,
                                     Box const& box) {
  if (mask.bbox() != image.bbox()) {
    throw DataError(fmt::format("clipped statistics: the mask is {}, the image {}",
                                describe(mask.bbox()), describe(image.bbox())));
  }
  Box const inside = intersection(box, image.bbox());
  if (inside.empty()) {
    throw MeasurementError("clipped statistics: the box " + describe(box) +
                           " lies outside the image");
  }
  if (bad == 0 && inside == image.bbox() && is_many(image.pixels().size()) &&
      !has_nan(image.pixels()))
    return clip(image.pixels());
  auto const values =
      std::make_unique_for_overwrite<float[]>(static_cast<std::size_t>(inside.area()));
  float* end = values.get();
  auto const first = static_cast<std::size_t>(inside.x0 - image.bbox().x0);
  auto const columns = static_cast<std::size_t>(inside.width);
  for (int y = inside.y0 - image.bbox().y0; y <= inside.y1() - image.bbox().y0; ++y) {
    float* const from = end;
    end = append_unmasked(image.row(y).subspan(first, columns),
                          mask.image().row(y).subspan(first, columns), bad, end);
    end = std::to_address(without_nan({from, end}).end());
  }
  return clip(std::span(values.get(), end));
}

}  // namespace almagest
