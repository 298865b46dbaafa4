#include "stack.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "almagest/statistics.hpp"

namespace calibs {
namespace {
using namespace almagest;

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr std::size_t enough_not_to_pass = 3;  // of two frames, a pixel in 10 000 has a ray in both

}  // namespace

Stack::Stack(std::size_t frames, int width, int rows, bool with_variances)
    : frames_(frames),
      width_(static_cast<std::size_t>(width)),
      values_(frames_ * width_ * static_cast<std::size_t>(rows)),
      variances_(with_variances ? values_.size() : 0),
      passing_(frames_) {}

std::size_t Stack::bytes_per_row(std::size_t frames, int width, bool with_variances) noexcept {
  return frames * static_cast<std::size_t>(width) * sizeof(float) * (with_variances ? 2 : 1);
}

void Stack::put(std::size_t frame, MaskedImage const& part, double scale, MaskPixel ignored,
                MaskPixel passing) {
  passing_[frame].clear();
  auto const factor = static_cast<float>(1.0 / scale);
  for (int y = 0; y < part.image.height(); ++y) {
    float const* const pixels = part.image.row(y).data();
    MaskPixel const* const mask = part.mask.image().row(y).data();
    float* const values = values_.data() + at(y, frame);
    for (std::size_t x = 0; x < width_; ++x)
      values[x] = (mask[x] & ignored) == 0 ? pixels[x] * factor : not_a_number;
    for (std::size_t x = 0; x < width_ && passing != 0; ++x)
      if ((mask[x] & passing) != 0 && (mask[x] & ignored & ~passing) == 0)
        passing_[frame].push_back({static_cast<std::size_t>(y) * width_ + x, pixels[x] * factor});
    if (variances_.empty()) continue;
    float const* const variance = part.variance.row(y).data();
    float* const variances = variances_.data() + at(y, frame);
    for (std::size_t x = 0; x < width_; ++x) variances[x] = variance[x] * factor * factor;
  }
}

void Stack::combine(int y, ClippedMean const& clipped_mean, std::span<float> mean,
                    std::span<float> variance) const {
  std::vector<float const*> rows(frames_);
  for (std::size_t frame = 0; frame < frames_; ++frame) rows[frame] = values_.data() + at(y, frame);
  std::vector<float> scatter(width_), count(width_), median(width_), centre(width_),
      half_width(width_);
  clipped_mean(rows, {mean, scatter, count, median, centre, half_width});
  for (std::size_t x = 0; x < width_; ++x) {
    if (count[x] == 0.0F) {
      combine_passing(y, x, mean[x], variance[x]);
      continue;
    }
    if (variances_.empty()) {
      variance[x] = count[x] > 1.5F ? scatter[x] * scatter[x] / count[x] : not_a_number;
      continue;
    }
    float sum = 0.0F;
    for (std::size_t frame = 0; frame < frames_; ++frame) {
      float const difference = rows[frame][x] - median[x];
      if (std::abs(difference - centre[x]) <= half_width[x])  // false for NaN
        sum += variances_[at(y, frame) + x];
    }
    // Below 0 where the noise of dark pixels was taken for their light.
    variance[x] = sum >= 0.0F ? sum / (count[x] * count[x]) : not_a_number;
  }
}

void Stack::combine_passing(int y, std::size_t x, float& mean, float& variance) const {
  mean = variance = not_a_number;
  if (frames_ < enough_not_to_pass) return;
  std::size_t const pixel = static_cast<std::size_t>(y) * width_ + x;
  std::vector<float> values;
  for (std::vector<Passing> const& of_frame : passing_) {
    auto const found = std::ranges::lower_bound(of_frame, pixel, {}, &Passing::pixel);
    if (found == of_frame.end() || found->pixel != pixel || !std::isfinite(found->value)) return;
    values.push_back(found->value);
  }
  auto const n = static_cast<float>(frames_);
  mean = static_cast<float>(almagest::quantile(std::span(values), 0.5));
  float squares = 0.0F;
  for (float const value : values) squares += (value - mean) * (value - mean);
  variance = squares / ((n - 1.0F) * n);
}

}  // namespace calibs
