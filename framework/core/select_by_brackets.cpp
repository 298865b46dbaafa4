#include "select_by_brackets.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "almagest/instruction_set.hpp"
#include "select_by_histogram.hpp"
#include "select_by_partition.hpp"

namespace almagest::statistics {
namespace {

constexpr std::size_t few_values = 4096;  // where partitioning is quick

/// A closed interval that probably holds a wanted rank.
struct Bracket {
  float from, to;
};

/// A bracket for each pair of ranks, from a sample spread evenly over the values.
template <std::size_t N>
std::array<Bracket, N> brackets_around(std::array<std::size_t, 2 * N> const& ranks,
                                       std::span<float const> values) {
  constexpr std::size_t smallest = 512, largest = 8192, share = 256;
  std::size_t const size = std::clamp(values.size() / share, smallest, largest);
  std::vector<float> sample(size);
  for (std::size_t k = 0; k < size; ++k) sample[k] = values[k * values.size() / size];
  std::array<std::size_t, 2 * N> ends;
  for (std::size_t k = 0; k < ends.size(); ++k) {
    // Three standard deviations of how many sampled values stand below; two more for the extremes.
    double const n = static_cast<double>(size);
    double const f = static_cast<double>(ranks[k]) / static_cast<double>(values.size());
    double const off = 3.0 * std::sqrt(n * f * (1.0 - f)) + 2.0;
    ends[k] = static_cast<std::size_t>(std::clamp(n * f + (k % 2 == 0 ? -off : off), 0.0, n - 1.0));
  }
  std::array<std::size_t, 2 * N> sorted = ends;
  std::sort(sorted.begin(), sorted.end());
  std::array<float, 2 * N> selected;
  select_by_partition(sample, sorted, selected);
  std::array<Bracket, N> brackets;
  for (std::size_t b = 0; b < N; ++b) brackets[b] = {sample[ends[2 * b]], sample[ends[2 * b + 1]]};
  return brackets;
}

/// The values within any bracket, and how many of the others are less than each bracket's. Where
/// the brackets hold half of the values or more, they were not worth it: the count says only that.
template <std::size_t N>
struct Bracketed {
  std::unique_ptr<float[]> values;
  std::size_t count = 0;
  std::array<std::size_t, N> left_out{};
};

#if defined(__x86_64__)
/// Which lanes of eight come first when those of a mask move to the front.
constexpr auto lane_orders = [] {
  std::array<std::array<std::uint8_t, 8>, 256> orders{};
  for (std::size_t mask = 0; mask < orders.size(); ++mask) {
    std::size_t count = 0;
    for (std::uint8_t lane = 0; lane < 8; ++lane)
      if ((mask >> lane & 1U) != 0) orders[mask][count++] = lane;
  }
  return orders;
}();

template <std::size_t N>
[[gnu::target("avx2,popcnt")]] Bracketed<N> keep_bracketed(std::span<float const> values,
                                                           std::array<Bracket, N> const& brackets) {
  constexpr std::size_t block = 8;
  // A whole block is written each time, of which the next one overwrites what is not wanted.
  std::size_t const half = values.size() / 2;
  Bracketed<N> kept{std::make_unique_for_overwrite<float[]>(half + 2 * block)};
  float* to = kept.values.get();
  float const* const enough = to + half;
  __m256 from[N], until[N];
  __m256i left_out[N];
  for (std::size_t b = 0; b < N; ++b) {
    from[b] = _mm256_set1_ps(brackets[b].from);
    until[b] = _mm256_set1_ps(brackets[b].to);
    left_out[b] = _mm256_setzero_si256();
  }
  std::size_t k = 0;
  for (; k + block <= values.size() && to < enough; k += block) {
    __m256 const eight = _mm256_loadu_ps(values.data() + k);
    __m256 lower[N], inside = _mm256_setzero_ps();
    for (std::size_t b = 0; b < N; ++b) {
      lower[b] = _mm256_cmp_ps(eight, from[b], _CMP_LT_OQ);
      __m256 const not_higher = _mm256_cmp_ps(eight, until[b], _CMP_LE_OQ);
      inside = _mm256_or_ps(inside, _mm256_andnot_ps(lower[b], not_higher));
    }
    for (std::size_t b = 0; b < N; ++b)
      left_out[b] =
          _mm256_sub_epi32(left_out[b], _mm256_castps_si256(_mm256_andnot_ps(inside, lower[b])));
    auto const mask = static_cast<unsigned>(_mm256_movemask_ps(inside));
    __m128i const order =
        _mm_loadl_epi64(reinterpret_cast<__m128i const*>(lane_orders[mask].data()));
    _mm256_storeu_ps(to, _mm256_permutevar8x32_ps(eight, _mm256_cvtepu8_epi32(order)));
    to += _mm_popcnt_u32(mask);
  }
  kept.count = static_cast<std::size_t>(to - kept.values.get());
  if (to >= enough) return kept;
  for (std::size_t b = 0; b < N; ++b) {
    std::array<std::uint32_t, block> lanes;
    std::memcpy(lanes.data(), &left_out[b], sizeof(lanes));
    for (std::uint32_t const lane : lanes) kept.left_out[b] += lane;
  }
  for (; k < values.size(); ++k) {
    float const value = values[k];
    bool const inside = std::any_of(brackets.begin(), brackets.end(), [=](Bracket const& bracket) {
      return value >= bracket.from && value <= bracket.to;
    });
    if (inside) *to++ = value;
    for (std::size_t b = 0; b < N; ++b)
      kept.left_out[b] += !inside && value < brackets[b].from ? 1 : 0;
  }
  kept.count = static_cast<std::size_t>(to - kept.values.get());
  return kept;
}
#endif

}  // namespace

template <std::size_t N>
void select_by_brackets(std::span<float const> values, std::array<std::size_t, 2 * N> const& ranks,
                        std::array<float, 2 * N>& selected) {
  auto const brackets = brackets_around<N>(ranks, values);
#if defined(__x86_64__)
  if (use_avx2()) {
    auto const kept = keep_bracketed(values, brackets);
    std::span<float> const few(kept.values.get(), kept.count);
    std::array<std::size_t, 2 * N> ranks_left;
    for (std::size_t r = 0; r < 2 * N; ++r) ranks_left[r] = ranks[r] - kept.left_out[r / 2];
    if (few.size() < values.size() / 2 && std::is_sorted(ranks_left.begin(), ranks_left.end()) &&
        ranks_left.back() < few.size()) {
      if (few.size() < few_values)
        select_by_partition(few, ranks_left, selected);
      else
        select_by_brackets<N>(few, ranks_left, selected);
      bool found = true;
      for (std::size_t r = 0; r < 2 * N; ++r)
        found = found && selected[r] >= brackets[r / 2].from && selected[r] <= brackets[r / 2].to;
      if (found) return;
    }
  }
#endif
  // A rank may lie a little outside.
  float const from = brackets.front().from, to = brackets.back().to, width = to - from;
  float const margin = std::isfinite(width) ? width / 8.0F : 0.0F;
  select_by_histogram(values, from - margin, to + margin, ranks, selected);
}

template void select_by_brackets<1>(std::span<float const>, std::array<std::size_t, 2> const&,
                                    std::array<float, 2>&);
template void select_by_brackets<3>(std::span<float const>, std::array<std::size_t, 6> const&,
                                    std::array<float, 6>&);

}  // namespace almagest::statistics
