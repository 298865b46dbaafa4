#include "contrast.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "almagest/instruction_set.hpp"

namespace repair {
namespace {
using almagest::Image;
using almagest::Pixel;

constexpr float far_above = std::numeric_limits<float>::max();

/// A row of an image and those above and below it; null where there is none.
struct Rows {
  float const* below;
  float const* here;
  float const* above;
  float const* variance;
};

/// One pixel, whatever its neighbours. Sums of pairs are compared with twice the pixel, as in the
/// loop below, so that both agree to the last bit.
bool stands_out(Rows const& rows, int x, int width, float limit) {
  bool const left = x > 0, right = x + 1 < width;
  float least = far_above;
  auto const compare = [&](float sum) { least = sum < least ? sum : least; };
  if (left && right) compare(rows.here[x - 1] + rows.here[x + 1]);
  if (rows.below && rows.above) {
    compare(rows.below[x] + rows.above[x]);
    if (left && right) {
      compare(rows.below[x - 1] + rows.above[x + 1]);
      compare(rows.below[x + 1] + rows.above[x - 1]);
    }
  }
  float const excess = rows.here[x] + rows.here[x] - least;
  float const variance = rows.variance[x];
  return variance > 0.0F && excess > 0.0F && excess * excess > limit * variance;
}

// g++ 12 makes no vector instructions of its own at -O2.
constexpr int lanes = 8;
using Floats = float __attribute__((vector_size(lanes * sizeof(float))));
using Bits = std::int32_t __attribute__((vector_size(lanes * sizeof(std::int32_t))));
using Words = std::int64_t __attribute__((vector_size(lanes * sizeof(std::int32_t))));

// What a block of pixels shares is inlined into each function that is compiled for one kind of
// processor.
[[gnu::always_inline]] inline void load(Floats& to, float const* from) {
  std::memcpy(&to, from, sizeof(to));
}

[[gnu::always_inline]] inline void keep_smaller(Floats& least, float const* a, float const* b) {
  Floats one, other;
  load(one, a);
  load(other, b);
  Floats const sum = one + other;
  least = sum < least ? sum : least;  // a NaN is not smaller
}

[[gnu::always_inline]] inline void mark(Bits& marks, Rows const& rows, int x, float limit) {
  Floats least = Floats{} + far_above;
  keep_smaller(least, rows.here + x - 1, rows.here + x + 1);
  keep_smaller(least, rows.below + x, rows.above + x);
  keep_smaller(least, rows.below + x - 1, rows.above + x + 1);
  keep_smaller(least, rows.below + x + 1, rows.above + x - 1);
  Floats pixel, variance;
  load(pixel, rows.here + x);
  load(variance, rows.variance + x);
  Floats const excess = pixel + pixel - least;
  marks = (variance > 0.0F) & (excess > 0.0F) & (excess * excess > limit * variance);
}

/// Rows with a neighbour on either side, from column 1; most blocks have nothing, and only that is
/// asked here.
[[gnu::always_inline]] inline int scan_row(Rows const& rows, int width, int y, float limit,
                                           std::vector<Pixel>& found) {
  constexpr int blocks = 4;
  int x = 1;
  for (; x + blocks * lanes < width; x += blocks * lanes) {
    Bits marks[blocks];
    Bits any{};
    for (int i = 0; i < blocks; ++i) {
      mark(marks[i], rows, x + i * lanes, limit);
      any |= marks[i];
    }
    Words const words = reinterpret_cast<Words>(any);
    if ((words[0] | words[1] | words[2] | words[3]) == 0) continue;
    for (int i = 0; i < blocks; ++i)
      for (int lane = 0; lane < lanes; ++lane)
        if (marks[i][lane] != 0) found.push_back({x + i * lanes + lane, y});
  }
  return x;
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] int scan_row_avx2(Rows const& rows, int width, int y, float limit,
                                          std::vector<Pixel>& found) {
  return scan_row(rows, width, y, limit, found);
}
#endif

int scan_row_for_any(Rows const& rows, int width, int y, float limit, std::vector<Pixel>& found) {
  return scan_row(rows, width, y, limit, found);
}

}  // namespace

void find_outstanding(Image<float> const& image, Image<float> const& variance, double sigmas,
                      int first, int end, std::vector<Pixel>& found) {
  int const width = image.width();
  auto const limit = static_cast<float>(4.0 * sigmas * sigmas);  // excesses are doubled
  auto* scan = &scan_row_for_any;
#if defined(__x86_64__)
  if (almagest::use_avx2()) scan = &scan_row_avx2;
#endif
  for (int y = first; y < end; ++y) {
    Rows const rows{y > 0 ? image.row(y - 1).data() : nullptr, image.row(y).data(),
                    y + 1 < image.height() ? image.row(y + 1).data() : nullptr,
                    variance.row(y).data()};
    int x = 0;
    if (stands_out(rows, x, width, limit)) found.push_back({x, y});
    x = rows.below && rows.above ? scan(rows, width, y, limit, found) : 1;
    for (; x < width; ++x)
      if (stands_out(rows, x, width, limit)) found.push_back({x, y});
  }
}

}  // namespace repair
