#include "window_sums.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "almagest/instruction_set.hpp"
#include "registers.hpp"

namespace almagest::statistics {

WindowSums::WindowSums(std::span<float const> values, double centre, double half_width)
    : centre_(centre), inner_(0.9 * half_width), outer_(1.1 * half_width) {
#if defined(__x86_64__)
  std::size_t k = use_avx2() ? add_fours_avx2(values) : add_fours(values);
#else
  std::size_t k = add_fours(values);
#endif
  for (; k < values.size(); ++k) {
    double const difference = double{values[k]} - centre;
    if (std::abs(difference) <= inner_)
      sums_.add(difference);
    else
      keep_near(values[k]);
  }
}

bool WindowSums::covers(double centre, double half_width) const noexcept {
  double const shift = std::abs(centre - centre_);
  return half_width - shift >= inner_ && half_width + shift <= outer_;
}

Sums WindowSums::within(double centre, double half_width) const noexcept {
  Sums sums = sums_;
  for (float const value : near_)
    if (std::abs(double{value} - centre) <= half_width) sums.add(double{value} - centre_);
  return sums;
}

std::size_t WindowSums::add_fours(std::span<float const> values) {
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
    Pair const a = load_pair(values.data() + k) - centre_;
    Pair const b = load_pair(values.data() + k + 2) - centre_;
    LongPair const inside = add(a, count0, first0, second0) & add(b, count1, first1, second1);
    if (!all(inside))
      for (std::size_t i = k; i < k + 4; ++i) keep_near(values[i]);
  }
  sums_ = {total(count0 + count1), total(first0 + first1), total(second0 + second1)};
  return k;
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] std::size_t WindowSums::add_fours_avx2(std::span<float const> values) {
  __m256d first = _mm256_setzero_pd(), second = _mm256_setzero_pd();
  __m256i outside_count = _mm256_setzero_si256();
  __m256d const centre = _mm256_set1_pd(centre_), inner = _mm256_set1_pd(inner_);
  __m256d const sign = _mm256_set1_pd(-0.0);
  std::size_t k = 0;
  for (; k + 4 <= values.size(); k += 4) {
    __m256d const difference =
        _mm256_sub_pd(_mm256_cvtps_pd(_mm_loadu_ps(values.data() + k)), centre);
    __m256d const outside = _mm256_cmp_pd(_mm256_andnot_pd(sign, difference), inner, _CMP_NLE_UQ);
    __m256d const kept = _mm256_andnot_pd(outside, difference);
    outside_count = _mm256_sub_epi64(outside_count, _mm256_castpd_si256(outside));
    first = _mm256_add_pd(first, kept);
    second = _mm256_add_pd(second, _mm256_mul_pd(kept, kept));
    if (_mm256_movemask_pd(outside) != 0)
      for (std::size_t i = k; i < k + 4; ++i) keep_near(values[i]);
  }
  auto const total = [](__m256d const& lanes) {
    std::array<double, 4> lane;
    std::memcpy(lane.data(), &lanes, sizeof(lane));
    return (lane[0] + lane[2]) + (lane[1] + lane[3]);
  };
  std::array<std::int64_t, 4> outside;
  std::memcpy(outside.data(), &outside_count, sizeof(outside));
  auto const left_out = outside[0] + outside[1] + outside[2] + outside[3];
  sums_ = {static_cast<double>(static_cast<std::int64_t>(k) - left_out), total(first),
           total(second)};
  return k;
}
#endif

void WindowSums::keep_near(float value) {
  double const distance = std::abs(double{value} - centre_);
  if (distance > inner_ && distance <= outer_) near_.push_back(value);
}

}  // namespace almagest::statistics
