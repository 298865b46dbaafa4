#include "select_by_histogram.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "registers.hpp"

namespace almagest::statistics {
namespace {

/// Cuts values into bins of equal width. The first and the last have no end.
class Binning {
 public:
  static constexpr std::int32_t last = 1023;

  /// \param from, to  what the other bins share
  Binning(float from, float to)
      : from_(std::clamp(from, -largest, largest)),
        // Neither 0 nor infinite: times that, no difference becomes NaN.
        scale_(to > from_ ? std::clamp((last - 2) / (to - from_), smallest, largest) : largest) {}

  /// Rising values have rising bins, whatever is rounded.
  std::int32_t bin_of(float value) const noexcept {
    return static_cast<std::int32_t>(
        std::clamp((value - from_) * scale_ + 1.0F, 0.0F, static_cast<float>(last)));
  }
  IntQuad bins_of(Quad values) const noexcept {
    constexpr Quad top{last, last, last, last};
    Quad const scaled = (values - from_) * scale_ + 1.0F;
    IntQuad const below = scaled < top;
    IntQuad const capped =
        (reinterpret_cast<IntQuad>(scaled) & below) | (reinterpret_cast<IntQuad>(top) & ~below);
    return __builtin_convertvector(reinterpret_cast<Quad>(capped & (scaled > 0.0F)), IntQuad);
  }

 private:
  static constexpr float smallest = std::numeric_limits<float>::min();
  static constexpr float largest = std::numeric_limits<float>::max();
  float from_, scale_;
};

/// How many values each bin has, and which bin holds a rank of the sorted values.
class Histogram {
 public:
  Histogram(std::span<float const> values, Binning const& binning) : counts_(tables * bins) {
    // Four tables, filled in turn: equal neighbours would otherwise wait for each other's
    // increment.
    std::uint32_t* const counts = counts_.data();
    std::size_t k = 0;
    for (; k + tables <= values.size(); k += tables) {
      IntQuad const bin = binning.bins_of(load_quad(values.data() + k));
      for (std::size_t t = 0; t < tables; ++t)
        ++counts[t * bins + static_cast<std::size_t>(bin[t])];
    }
    for (; k < values.size(); ++k) ++counts[binning.bin_of(values[k])];
  }

  /// Moves on to the bin at `rank`; ranks of successive calls must not fall.
  void advance_to(std::size_t rank) noexcept {
    while (before_ + count() <= rank) {
      before_ += count();
      ++bin_;
    }
  }
  std::int32_t bin() const noexcept { return static_cast<std::int32_t>(bin_); }
  std::size_t count() const noexcept {
    std::size_t count = 0;
    for (std::size_t t = 0; t < tables; ++t) count += counts_[t * bins + bin_];
    return count;
  }
  /// How many values stand in lower bins.
  std::size_t before() const noexcept { return before_; }

 private:
  static constexpr std::size_t tables = 4;
  static constexpr std::size_t bins = Binning::last + 1;
  std::vector<std::uint32_t> counts_;
  std::size_t bin_ = 0;
  std::size_t before_ = 0;
};

/// A bin that holds a wanted rank.
struct Bin {
  std::int32_t number;
  std::size_t before;                                     ///< values in lower bins
  std::size_t count;                                      ///< values in this one
  float usual = std::numeric_limits<float>::quiet_NaN();  ///< its first value; whole counts are
                                                          ///< often all the same
  std::vector<float> others = {};                         ///< those that differ from it

  void add(float value) {
    if (std::isnan(usual)) {
      usual = value;
    } else if (value != usual) {
      others.push_back(value);
    }
  }

  /// The value at a rank among all values.
  float at(std::size_t rank) {
    std::size_t const equal = count - others.size();
    auto const middle =
        std::partition(others.begin(), others.end(), [this](float value) { return value < usual; });
    auto const less = static_cast<std::size_t>(middle - others.begin());
    std::size_t const inside = rank - before;
    if (inside >= less && inside < less + equal) return usual;
    bool const low = inside < less;
    auto const wanted = others.begin() + static_cast<std::ptrdiff_t>(low ? inside : inside - equal);
    std::nth_element(low ? others.begin() : middle, wanted, low ? middle : others.end());
    return *wanted;
  }
};

/// Gives each bin its values. Few values belong anywhere: four at a time are told at a glance.
void collect(std::span<float const> values, Binning const& binning, std::span<Bin> bins) {
  constexpr std::size_t block = 4;
  auto const add = [&](float value) {
    std::int32_t const number = binning.bin_of(value);
    for (Bin& bin : bins)
      if (bin.number == number) bin.add(value);
  };
  std::size_t k = 0;
  for (; k + block <= values.size(); k += block) {
    Quad const quad = load_quad(values.data() + k);
    IntQuad const in = binning.bins_of(quad);
    IntQuad hit{};
    for (Bin const& bin : bins) hit |= (in == bin.number) & (quad != bin.usual);
    if (!any(hit)) continue;
    for (std::size_t i = k; i < k + block; ++i) add(values[i]);
  }
  for (; k < values.size(); ++k) add(values[k]);
}

}  // namespace

void select_by_histogram(std::span<float const> values, float from, float to,
                         std::span<std::size_t const> ranks, std::span<float> selected) {
  Binning const binning(from, to);
  Histogram histogram(values, binning);
  std::vector<Bin> bins;
  std::vector<std::size_t> bin_of_rank;
  for (std::size_t const rank : ranks) {
    histogram.advance_to(rank);
    if (bins.empty() || bins.back().number != histogram.bin())
      bins.push_back({histogram.bin(), histogram.before(), histogram.count()});
    bin_of_rank.push_back(bins.size() - 1);
  }
  collect(values, binning, bins);
  for (std::size_t r = 0; r < ranks.size(); ++r) selected[r] = bins[bin_of_rank[r]].at(ranks[r]);
}

}  // namespace almagest::statistics
