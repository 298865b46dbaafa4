#include "sorted_lines.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>

#include "octets.hpp"

namespace isr {
namespace {
using namespace almagest;

constexpr float unusable_value = std::numeric_limits<float>::infinity();
static_assert(lanes == 8);
constexpr std::size_t line_of_cache = 64 / sizeof(float);

struct Exchange {
  std::uint32_t low, high;
};

/// Batcher's odd-even merge sort of n values (Knuth, The Art of Computer Programming 3, algorithm
/// 5.2.2 M).
std::vector<Exchange> sorting_network(std::size_t n) {
  std::vector<Exchange> network;
  if (n < 2) return network;
  std::size_t top = 1;
  while (2 * top < n) top *= 2;
  for (std::size_t p = top; p > 0; p /= 2) {
    std::size_t r = 0, d = p;
    for (std::size_t q = top;; q /= 2) {
      for (std::size_t i = 0; i + d < n; ++i)
        if ((i & p) == r)
          network.push_back({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i + d)});
      if (q == p) break;
      d = q - p;
      r = p;
    }
  }
  return network;
}

void sort(float* values, std::span<Exchange const> network) {
  vectorised([&]() ISR_INLINE {
    for (Exchange const exchange : network) {
      float* const low = values + exchange.low * lanes;
      float* const high = values + exchange.high * lanes;
      Octet a, b;
      load(a, low, whole);
      load(b, high, whole);
      IntOctet const ordered = a < b;
      store(ordered ? a : b, low, whole);
      store(ordered ? b : a, high, whole);
    }
  });
}

/// Counts what is usable in a group of lines and puts infinity for the rest.
void find_usable(float* values, std::size_t length, float limit, IntOctet& counts) {
  vectorised([&]() ISR_INLINE {
    IntOctet found{};
    Octet const unusable = Octet{} + unusable_value;
    for (std::size_t i = 0; i < length; ++i) {
      Octet value;
      load(value, values + i * lanes, whole);
      IntOctet usable;
      finite(value, usable);
      usable &= value < limit;
      found -= usable;  // true is −1
      store(usable ? value : unusable, values + i * lanes, whole);
    }
    counts = found;
  });
}

}  // namespace

void SortedLines::copy_group(PixelView<float const> const& pixels, Lines lines, std::size_t first) {
  float* const to = &values_[first * length_];
  std::size_t const count = std::min(group, usable_.size() - first);
  if (lines == Lines::columns) {
    for (std::size_t i = 0; i < length_; ++i)
      std::copy_n(&pixels.row(static_cast<int>(i))[first], count, to + i * group);
    return;
  }
  for (std::size_t lane = 0; lane < count; ++lane) {
    // Lines are far apart in memory: the next ones are on their way while these are sorted.
    if (first + group + lane < usable_.size())
      for (std::size_t i = 0; i < length_; i += line_of_cache)
        __builtin_prefetch(&pixels.row(static_cast<int>(first + group + lane))[i]);
    float const* const from = pixels.row(static_cast<int>(first + lane)).data();
    for (std::size_t i = 0; i < length_; ++i) to[i * group + lane] = from[i];
  }
}

void SortedLines::leave_out(Unusable const& unusable, Lines lines, std::size_t first) {
  if (unusable.mask.empty()) return;
  float* const values = &values_[first * length_];
  for (std::size_t lane = 0; lane < std::min(group, usable_.size() - first); ++lane)
    for (std::size_t i = 0; i < length_; ++i) {
      auto const [x, y] =
          lines == Lines::rows ? std::pair(i, first + lane) : std::pair(first + lane, i);
      if (unusable.mask.row(static_cast<int>(y))[x] & unusable.bits)
        values[i * group + lane] = unusable_value;
    }
}

SortedLines::SortedLines(PixelView<float const> const& pixels, Unusable const& unusable,
                         Lines lines) {
  bool const rows = lines == Lines::rows;
  auto const count = static_cast<std::size_t>(rows ? pixels.height() : pixels.width());
  length_ = static_cast<std::size_t>(rows ? pixels.width() : pixels.height());
  std::size_t const groups = (count + group - 1) / group;
  values_.assign(groups * length_ * group, unusable_value);
  usable_.resize(count);
  std::vector<Exchange> const network = sorting_network(length_);
  for (std::size_t first = 0; first < count; first += group) {
    copy_group(pixels, lines, first);
    leave_out(unusable, lines, first);
    IntOctet counts{};
    find_usable(&values_[first * length_], length_, static_cast<float>(unusable.limit), counts);
    for (std::size_t lane = 0; lane < std::min(group, count - first); ++lane)
      usable_[first + lane] = static_cast<std::size_t>(counts[lane]);
    sort(&values_[first * length_], network);
  }
}

double SortedLines::quantile(std::size_t line, std::size_t first, std::size_t end,
                             double f) const noexcept {
  double const rank = f * static_cast<double>(end - first - 1);
  auto const below = static_cast<std::size_t>(rank);
  double const part = rank - static_cast<double>(below);
  double const low = value(line, first + below);
  if (part == 0.0) return low;
  return low + part * (double{value(line, first + below + 1)} - low);
}

std::vector<float> SortedLines::all() const {
  std::vector<float> values;
  for (std::size_t line = 0; line < size(); ++line)
    for (std::size_t rank = 0; rank < count(line); ++rank) values.push_back(value(line, rank));
  return values;
}

}  // namespace isr
