#include "monotonic.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace deblend {
namespace {
using namespace almagest;

constexpr int block = 5;                       // rings, and the length of a shadow [pixel]
constexpr double half_width = 0.3;             // of a shadow, per pixel of its length
constexpr double full_width = 2 * half_width;  // its upper side is lower + this: ties depend on it

/// The nearest integer, halves away from zero, as std::lround gives it but without a call.
int nearest(double v) noexcept {
  int const whole = static_cast<int>(v);  // towards zero
  double const rest = v - whole;          // exact
  return whole + (rest >= 0.5 ? 1 : rest <= -0.5 ? -1 : 0);
}

/// The shadow of a pixel `level` out along one axis and `along` out along the other: what it
/// covers, along the side, one to five pixels further out.
class Cone {
 public:
  Cone(int level, int along) noexcept {
    double const low = static_cast<double>(along) / level - half_width;
    double const high = low + full_width;
    for (int a = 1; a <= block; ++a)
      steps_[static_cast<std::size_t>(a - 1)] = {nearest(a * low), nearest(a * high)};
  }
  struct Step {
    int from, to;
  };
  Step operator[](int a) const noexcept { return steps_[static_cast<std::size_t>(a - 1)]; }

 private:
  std::array<Step, block> steps_;
};

/// A plane of pixels with its axes named by what they are to the sides of a ring that it serves.
struct Plane {
  float* pixels;
  float const* casters;
  std::ptrdiff_t out_stride, along_stride;
  int out_size, along_size;
  int out_peak, along_peak;

  /// Casts the shadow of the pixel at sign · (level, along) from the peak.
  void cast(Cone const& cone, int sign, int level, int along) const noexcept {
    int const out = out_peak + sign * level, centre = along_peak + sign * along;
    if (out < 0 || out >= out_size || centre < 0 || centre >= along_size) return;
    float const caster = casters[out * out_stride + centre * along_stride];
    for (int a = 1; a <= block; ++a) {
      int const row = out + sign * a;
      if (row < 0 || row >= out_size) return;
      Cone::Step const step = cone[a];
      int const from = std::max(centre + (sign > 0 ? step.from : -step.to), 0);
      int const to = std::min(centre + (sign > 0 ? step.to : -step.from), along_size - 1);
      float* const line = pixels + row * out_stride;
      for (int k = from; k <= to; ++k) {
        float& pixel = line[k * along_stride];
        pixel = std::min(pixel, caster);
      }
    }
  }
};

}  // namespace

void make_monotonic(Image<float>& image, Pixel peak) {
  if (!image.bbox().contains(peak)) return;
  int const width = image.width(), height = image.height();
  int const x = peak.x - image.bbox().x0, y = peak.y - image.bbox().y0;
  auto const pixels = image.pixels();
  std::vector<float> before(pixels.size());
  Plane const across{pixels.data(), before.data(), 1, width, width, height, x, y};
  Plane const up{pixels.data(), before.data(), width, 1, height, width, y, x};

  int const farthest = std::max({x, width - x, y, height - y});
  for (int start = 0; start < farthest; start += block) {
    std::copy(pixels.begin(), pixels.end(), before.begin());
    for (int level = std::max(start, 1); level < start + block; ++level) {
      for (int along = -level; along <= level; ++along) {
        Cone const cone(level, along);
        // A corner belongs to the side that begins there when one goes round anticlockwise.
        if (along < level) {
          across.cast(cone, 1, level, along);   // right
          across.cast(cone, -1, level, along);  // left
        }
        if (along > -level) {
          up.cast(cone, 1, level, along);   // top
          up.cast(cone, -1, level, along);  // bottom
        }
      }
    }
  }
}

}  // namespace deblend
