#include "almagest/statistics.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "almagest/error.hpp"

namespace almagest {
namespace {

constexpr double sigma_per_interquartile_range = 0.741301109252802;  // of a normal distribution
constexpr double clip_sigmas = 3.0;
constexpr int clip_passes = 3;

// Registers that every x86-64 has, spelt out where loops are hot: g++ 12 makes no vector
// instructions of its own at -O2, and no sums of floats at any level.
using Pair = double __attribute__((vector_size(16)));
using LongPair = std::int64_t __attribute__((vector_size(16)));
using Quad = float __attribute__((vector_size(16)));
using IntQuad = std::int32_t __attribute__((vector_size(16)));

/// Two floats, widened.
Pair load_pair(float const* from) noexcept {
  float __attribute__((vector_size(8))) pair;
  std::memcpy(&pair, from, sizeof(pair));
  return __builtin_convertvector(pair, Pair);
}
Quad load_quad(float const* from) noexcept {
  Quad quad;
  std::memcpy(&quad, from, sizeof(quad));
  return quad;
}
/// The value where the condition holds, else 0.
Pair where(LongPair condition, Pair value) noexcept {
  return reinterpret_cast<Pair>(condition & reinterpret_cast<LongPair>(value));
}
Pair absolute(Pair value) noexcept {
  constexpr std::int64_t all_but_sign = std::numeric_limits<std::int64_t>::max();
  return where(LongPair{all_but_sign, all_but_sign}, value);
}
bool all(LongPair condition) noexcept {
  return (condition[0] & condition[1]) != 0;
}
bool any(IntQuad condition) noexcept {
  LongPair const halves = reinterpret_cast<LongPair>(condition);
  return (halves[0] | halves[1]) != 0;
}
double total(Pair pair) noexcept {
  return pair[0] + pair[1];
}

/// Where rank f(n − 1) falls between two sorted values.
struct Rank {
  std::size_t below;
  double fraction;
  Rank(std::size_t n, double f) {
    double const rank = std::clamp(f, 0.0, 1.0) * static_cast<double>(n - 1);
    below = std::min(static_cast<std::size_t>(rank), n - 1);
    fraction = rank - static_cast<double>(below);
  }
  std::size_t above(std::size_t n) const { return std::min(below + 1, n - 1); }
};

/// The values that would stand at `ranks` (rising) if `values` were sorted; reorders `values`.
void select_by_partition(std::span<float> values, std::span<std::size_t const> ranks,
                         std::span<float> selected) {
  auto from = values.begin();
  for (std::size_t k = 0; k < ranks.size(); ++k) {
    auto const wanted = values.begin() + static_cast<std::ptrdiff_t>(ranks[k]);
    if (from <= wanted) {
      std::nth_element(from, wanted, values.end());
      from = wanted + 1;
    }
    selected[k] = *wanted;
  }
}

/// The upper half of a float's bits. Counting by it costs one load per value.
std::uint32_t upper_half(float value) noexcept {
  return std::bit_cast<std::uint32_t>(value) >> 16;
}

constexpr std::size_t halves = 1U << 16;

/// The upper half that stands at a place when all are sorted by value.
std::uint32_t half_at(std::uint32_t place) noexcept {
  return place ^ (place >= halves / 2 ? halves / 2 : halves - 1);
}

/// How often each upper half occurs, and which one stands at a rank of the sorted values.
class Histogram {
 public:
  explicit Histogram(std::span<float const> values) : counts_(2 * halves) {
    // Two tables, filled in turn: equal neighbours would otherwise wait for each other's increment.
    std::uint32_t* const even = counts_.data();
    std::uint32_t* const odd = even + halves;
    std::size_t k = 0;
    for (; k + 1 < values.size(); k += 2) {
      ++even[upper_half(values[k])];
      ++odd[upper_half(values[k + 1])];
    }
    if (k < values.size()) ++even[upper_half(values[k])];
  }

  /// Moves on to the half at `rank`; ranks of successive calls must not fall.
  void advance_to(std::size_t rank) noexcept {
    while (before_ + count() <= rank) {
      before_ += count();
      ++place_;
    }
  }
  std::uint32_t half() const noexcept { return half_at(place_); }
  std::size_t count() const noexcept {
    return std::size_t{counts_[half()]} + counts_[halves + half()];
  }
  /// How many values have a smaller half.
  std::size_t before() const noexcept { return before_; }

 private:
  std::vector<std::uint32_t> counts_;
  std::uint32_t place_ = 0;
  std::size_t before_ = 0;
};

/// The values that share one upper half.
struct Bin {
  std::uint32_t half;
  std::size_t before;
  std::vector<float> values;

  /// The value at a rank among all values.
  float at(std::size_t rank) {
    auto const [low, high] = std::minmax_element(values.begin(), values.end());
    if (*low == *high) return *low;  // whole counts are often all the same
    auto const wanted = values.begin() + static_cast<std::ptrdiff_t>(rank - before);
    std::nth_element(values.begin(), wanted, values.end());
    return *wanted;
  }
};

/// Gives each bin its values. Few values belong anywhere: four at a time are told by the bins'
/// limits.
void collect(std::span<float const> values, std::span<Bin> bins) {
  constexpr std::size_t block = 4;
  auto const add = [&](float value) {
    for (Bin& bin : bins)
      if (bin.half == upper_half(value)) bin.values.push_back(value);
  };
  struct Limits {
    Quad lowest, highest;
  };
  std::vector<Limits> limits;
  for (Bin const& bin : bins) {
    float const one = std::bit_cast<float>(bin.half << 16);
    float const other = std::bit_cast<float>(bin.half << 16 | 0xFFFFU);
    float const lowest = std::min(one, other), highest = std::max(one, other);
    limits.push_back(
        {Quad{lowest, lowest, lowest, lowest}, Quad{highest, highest, highest, highest}});
  }
  std::size_t k = 0;
  for (; k + block <= values.size(); k += block) {
    Quad const quad = load_quad(values.data() + k);
    IntQuad hit{};
    for (Limits const& limit : limits) hit |= (quad >= limit.lowest) & (quad <= limit.highest);
    if (!any(hit)) continue;
    for (std::size_t i = k; i < k + block; ++i) add(values[i]);
  }
  for (; k < values.size(); ++k) add(values[k]);
}

/// The same as select_by_partition for many values: counts them by their upper halves, then sorts
/// out the few bins that hold a wanted rank. Leaves `values` alone.
void select_by_histogram(std::span<float const> values, std::span<std::size_t const> ranks,
                         std::span<float> selected) {
  std::vector<Bin> bins;
  std::vector<std::size_t> bin_of_rank;
  Histogram histogram(values);
  for (std::size_t const rank : ranks) {
    histogram.advance_to(rank);
    if (bins.empty() || bins.back().half != histogram.half()) {
      bins.push_back({histogram.half(), histogram.before(), {}});
      bins.back().values.reserve(histogram.count());
    }
    bin_of_rank.push_back(bins.size() - 1);
  }
  collect(values, bins);
  for (std::size_t r = 0; r < ranks.size(); ++r) selected[r] = bins[bin_of_rank[r]].at(ranks[r]);
}

constexpr std::size_t many_values = 32768;        // where the histogram's tables begin to pay
constexpr std::size_t most_values = 0xFFFFFFFFU;  // what its counters hold

template <std::size_t N>
std::array<double, N> quantiles(std::span<float> values, std::array<double, N> const& fractions) {
  std::array<std::size_t, 2 * N> ranks;
  for (std::size_t k = 0; k < N; ++k) {
    Rank const rank(values.size(), fractions[k]);
    ranks[2 * k] = rank.below;
    ranks[2 * k + 1] = rank.above(values.size());
  }
  std::array<float, 2 * N> selected;
  // Partitioning needs rising ranks, which neighbours in a small sample may not be.
  std::array<std::size_t, 2 * N> sorted = ranks;
  std::sort(sorted.begin(), sorted.end());
  if (values.size() < many_values || values.size() > most_values) {
    select_by_partition(values, sorted, selected);
  } else {
    select_by_histogram(values, sorted, selected);
  }
  auto const at = [&](std::size_t rank) {
    auto const found = std::lower_bound(sorted.begin(), sorted.end(), rank);
    return static_cast<double>(selected[static_cast<std::size_t>(found - sorted.begin())]);
  };
  std::array<double, N> result;
  for (std::size_t k = 0; k < N; ++k) {
    double const fraction = Rank(values.size(), fractions[k]).fraction;
    double const low = at(ranks[2 * k]);
    result[k] = fraction == 0.0 ? low : low + fraction * (at(ranks[2 * k + 1]) - low);
  }
  return result;
}

/// Count, Σ(v − c) and Σ(v − c)² of some values.
struct Sums {
  double count = 0.0;
  double first = 0.0;
  double second = 0.0;

  void add(double difference) noexcept {
    count += 1.0;
    first += difference;
    second += difference * difference;
  }
};

/// The sums over the values in a window, and in every other window that differs little.
///
/// Sums once what lies within nine tenths of the half-width, and keeps the few values from there to
/// eleven tenths: clipping moves its window by less than that from pass to pass.
class WindowSums {
 public:
  WindowSums(std::span<float const> values, double centre, double half_width)
      : centre_(centre), inner_(0.9 * half_width), outer_(1.1 * half_width) {
    // Two pairs of sums, so that no addition waits for the last one.
    Pair count0{}, count1{}, first0{}, first1{}, second0{}, second1{};
    auto const add = [this](Pair difference, Pair& count, Pair& first, Pair& second) {
      LongPair const inside = absolute(difference) <= inner_;
      Pair const kept = where(inside, difference);
      count += where(inside, Pair{1.0, 1.0});
      first += kept;
      second += kept * kept;
      return inside;
    };
    std::size_t k = 0;
    for (; k + 4 <= values.size(); k += 4) {
      Pair const a = load_pair(values.data() + k) - centre;
      Pair const b = load_pair(values.data() + k + 2) - centre;
      LongPair const inside = add(a, count0, first0, second0) & add(b, count1, first1, second1);
      if (!all(inside))
        for (std::size_t i = k; i < k + 4; ++i) keep_near(values[i]);
    }
    sums_ = {total(count0 + count1), total(first0 + first1), total(second0 + second1)};
    for (; k < values.size(); ++k) {
      double const difference = double{values[k]} - centre;
      if (std::abs(difference) <= inner_)
        sums_.add(difference);
      else
        keep_near(values[k]);
    }
  }

  double centre() const noexcept { return centre_; }

  /// Whether within() knows all values of this window.
  bool covers(double centre, double half_width) const noexcept {
    double const shift = std::abs(centre - centre_);
    return half_width - shift >= inner_ && half_width + shift <= outer_;
  }

  /// Sums, around centre(), of the values with |v − centre| ≤ half_width.
  Sums within(double centre, double half_width) const noexcept {
    Sums sums = sums_;
    for (float const value : near_)
      if (std::abs(double{value} - centre) <= half_width) sums.add(double{value} - centre_);
    return sums;
  }

 private:
  void keep_near(float value) {
    double const distance = std::abs(double{value} - centre_);
    if (distance > inner_ && distance <= outer_) near_.push_back(value);
  }

  double centre_, inner_, outer_;
  Sums sums_;
  std::vector<float> near_;
};

/// The work behind both public functions; no value is NaN.
ClippedStatistics clip(std::span<float> values) {
  if (values.empty()) throw MeasurementError("clipped statistics: there is no value");
  auto const [low, median, high] = quantiles<3>(values, {0.25, 0.5, 0.75});
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

std::span<float> without_nan(std::span<float> values) {
  constexpr std::size_t block = 4;
  IntQuad nan{};
  std::size_t k = 0;
  for (; k + block <= values.size(); k += block) {
    Quad const quad = load_quad(values.data() + k);
    nan |= quad != quad;
  }
  bool found = any(nan);
  for (; k < values.size(); ++k) found = found || std::isnan(values[k]);
  if (!found) return values;
  auto const end =
      std::remove_if(values.begin(), values.end(), [](float v) { return std::isnan(v); });
  return values.first(static_cast<std::size_t>(end - values.begin()));
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
    MaskPixel any_bit = 0;
    for (std::size_t i = 0; i < block; ++i) any_bit |= mask[x + i];
    if ((any_bit & bad) != 0) {
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
  auto const values =
      std::make_unique_for_overwrite<float[]>(static_cast<std::size_t>(inside.area()));
  float* end = values.get();
  auto const first = static_cast<std::size_t>(inside.x0 - image.bbox().x0);
  auto const columns = static_cast<std::size_t>(inside.width);
  for (int y = inside.y0 - image.bbox().y0; y <= inside.y1() - image.bbox().y0; ++y)
    end = append_unmasked(image.row(y).subspan(first, columns),
                          mask.image().row(y).subspan(first, columns), bad, end);
  return clip(without_nan({values.get(), end}));
}

double quantile(std::span<float> values, double f) {
  auto const numbers = without_nan(values);
  if (numbers.empty()) throw MeasurementError("quantile: there is no value");
  return quantiles<1>(numbers, {f})[0];
}

}  // namespace almagest
