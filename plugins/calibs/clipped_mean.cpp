#include "clipped_mean.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "almagest/instruction_set.hpp"

namespace calibs {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr double sigma_per_interquartile_range = 0.741301109252802;  // of a normal distribution

using Network = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

/// Batcher's merge exchange: pairs to be compared and exchanged, in this order, that sort any
/// values (Knuth, The Art of Computer Programming, volume 3, section 5.2.2, algorithm M).
Network sorting_network(std::size_t n) {
  Network network;
  std::size_t top = 1;
  while (2 * top < n) top *= 2;
  if (n < 2) return network;
  for (std::size_t p = top; p > 0; p /= 2) {
    std::size_t q = top, r = 0, d = p;
    for (;;) {
      for (std::size_t i = 0; i + d < n; ++i)
        if ((i & p) == r)
          network.emplace_back(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i + d));
      if (q == p) break;
      d = q - p;
      q /= 2;
      r = p;
    }
  }
  return network;
}

// g++ 12 makes no vector instructions of its own at -O2.
constexpr int lanes = 8;
using Floats = float __attribute__((vector_size(lanes * sizeof(float))));

/// The same pixel position of one frame, in eight columns.
struct alignas(Floats) Lanes {
  float values[lanes];
};

[[gnu::always_inline]] inline void load(Floats& to, float const* from) {
  std::memcpy(&to, from, sizeof(to));
}
[[gnu::always_inline]] inline void store(float* to, Floats const& from) {
  std::memcpy(to, &from, sizeof(from));
}

/// Values that are not finite sort last, and are counted out.
[[gnu::always_inline]] inline void take_finite(Lanes& lanes_of_frame, Floats& count) {
  Floats value;
  load(value, lanes_of_frame.values);
  auto const finite = (value - value) == 0.0F;
  count += finite ? Floats{} + 1.0F : Floats{};
  store(lanes_of_frame.values, finite ? value : Floats{} + infinity);
}

[[gnu::always_inline]] inline void exchange(Lanes& a, Lanes& b) {
  Floats low, high;
  load(low, a.values);
  load(high, b.values);
  store(a.values, low < high ? low : high);
  store(b.values, low < high ? high : low);
}

/// The value at rank f(n − 1) of the first n of a column's sorted values; NaN of none.
inline float rank(std::span<Lanes const> sorted, int lane, float count, double fraction) {
  if (count < 1.0F) return std::numeric_limits<float>::quiet_NaN();
  double const position = fraction * (double{count} - 1.0);
  auto const below = static_cast<std::size_t>(position);
  double const weight = position - static_cast<double>(below);
  double const value = sorted[below].values[lane];
  if (weight == 0.0) return static_cast<float>(value);
  return static_cast<float>(value + weight * (double{sorted[below + 1].values[lane]} - value));
}

/// What becomes of eight pixels.
struct Block {
  Lanes mean, scatter, count, median, centre, half_width;
};

[[gnu::always_inline]] inline void combine(std::span<Lanes> values, Network const& network,
                                           ClippedMeanOptions const& options, Block& block) {
  Floats valid{};
  for (Lanes& frame : values) take_finite(frame, valid);
  for (auto const& [a, b] : network) exchange(values[a], values[b]);

  auto const first_clip = static_cast<float>(options.sigmas * sigma_per_interquartile_range);
  for (int lane = 0; lane < lanes; ++lane) {
    block.median.values[lane] = rank(values, lane, valid[lane], 0.5);
    block.half_width.values[lane] = first_clip * (rank(values, lane, valid[lane], 0.75) -
                                                  rank(values, lane, valid[lane], 0.25));
  }

  Floats median, half_width, centre{}, mean{}, scatter{}, count{};
  load(median, block.median.values);
  load(half_width, block.half_width.values);
  auto const clip = static_cast<float>(options.sigmas);
  for (int pass = 0; pass < options.passes; ++pass) {
    if (pass > 0) {
      centre = mean;
      half_width = clip * scatter;
    }
    Floats first{}, second{};
    count = Floats{};
    for (Lanes const& frame : values) {
      Floats value;
      load(value, frame.values);
      Floats const difference = value - median;
      auto const kept = (difference - centre <= half_width) & (centre - difference <= half_width);
      Floats const used = kept ? difference : Floats{};
      first += used;
      second += used * used;
      count += kept ? Floats{} + 1.0F : Floats{};
    }
    mean = first / count;  // NaN of no values
    Floats const squares = second - mean * first;
    Floats const freedom = count > 1.5F ? count - 1.0F : Floats{} + 1.0F;
    Floats const variance = squares > 0.0F ? squares / freedom : Floats{};
    for (int lane = 0; lane < lanes; ++lane) scatter[lane] = std::sqrt(variance[lane]);
  }
  store(block.mean.values, median + mean);
  store(block.scatter.values, scatter);
  store(block.count.values, count);
  store(block.centre.values, centre);
  store(block.half_width.values, half_width);
}

using Combine = void (*)(std::span<Lanes>, Network const&, ClippedMeanOptions const&, Block&);

#if defined(__x86_64__)
[[gnu::target("avx2")]] void combine_avx2(std::span<Lanes> values, Network const& network,
                                          ClippedMeanOptions const& options, Block& block) {
  combine(values, network, options, block);
}
#endif

void combine_for_any(std::span<Lanes> values, Network const& network,
                     ClippedMeanOptions const& options, Block& block) {
  combine(values, network, options, block);
}

Combine combine_here() {
#if defined(__x86_64__)
  if (almagest::use_avx2()) return &combine_avx2;
#endif
  return &combine_for_any;
}

}  // namespace

ClippedMean::ClippedMean(std::size_t frames, ClippedMeanOptions const& options)
    : options_(options), network_(sorting_network(frames)) {}

void ClippedMean::operator()(std::span<float const* const> rows, ClippedRow const& result) const {
  Combine const combine_block = combine_here();
  std::vector<Lanes> values(rows.size());
  Block block{};
  std::size_t const width = result.mean.size();
  for (std::size_t x = 0; x < width; x += lanes) {
    std::size_t const columns = std::min<std::size_t>(lanes, width - x);
    if (columns < lanes) std::ranges::fill(values, Lanes{});
    for (std::size_t i = 0; i < rows.size(); ++i)
      std::memcpy(values[i].values, rows[i] + x, columns * sizeof(float));
    combine_block(values, network_, options_, block);
    auto const put = [&](std::span<float> to, Lanes const& from) {
      std::memcpy(to.data() + x, from.values, columns * sizeof(float));
    };
    put(result.mean, block.mean);
    put(result.scatter, block.scatter);
    put(result.count, block.count);
    put(result.median, block.median);
    put(result.centre, block.centre);
    put(result.half_width, block.half_width);
  }
}

}  // namespace calibs
