#include "ccd.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>
#include <span>
#include <utility>

namespace simulate {

using namespace almagest;

namespace {

/// Fills a row's free pixels with charge that comes up (or down) from the full ones before it.
class Overflow {
 public:
  Overflow(std::span<double> column, std::span<double const> excess,
           std::span<double const> full_well)
      : column_(column), excess_(excess), full_well_(full_well) {}

  void pass(std::size_t y) {
    double const taken = std::min(carry_, full_well_[y] - column_[y]);
    column_[y] += taken;
    carry_ += 0.5 * excess_[y] - taken;
  }

 private:
  std::span<double> column_;
  std::span<double const> excess_;
  std::span<double const> full_well_;
  double carry_ = 0.0;
};

std::vector<Span> spans_at_full_well(Image<double> const& light, double full_well) {
  // Charge that ran into a pixel fills it up to rounding errors.
  double const limit = full_well * (1.0 - 1e-9);
  std::vector<Span> spans;
  for (int y = 0; y < light.height(); ++y) {
    auto const row = light.row(y);
    for (int x = 0; x < light.width(); ++x) {
      if (row[static_cast<std::size_t>(x)] < limit) continue;
      if (!spans.empty() && spans.back().y == y && spans.back().x1 == x - 1)
        spans.back().x1 = x;
      else
        spans.push_back({y, x, x});
    }
  }
  return spans;
}

/// Short straight tracks, one or two pixels wide in a row.
std::vector<Span> random_tracks(int count, int width, int height, Random& random) {
  std::vector<Span> spans;
  for (int i = 0; i < count; ++i) {
    double x = random.uniform(2.0, width - 3.0);
    double const slope = random.uniform(-1.0, 1.0);
    int const y0 = random.index(height);
    int const length = 1 + random.index(6);
    for (int y = y0; y < std::min(y0 + length, height); ++y, x += slope) {
      int const left = std::clamp(static_cast<int>(x), 1, width - 3);
      spans.push_back({y, left, left + random.index(2)});
    }
  }
  return spans;
}

std::vector<Span> random_columns(int count, int width, int height, Random& random) {
  std::set<int> columns;
  while (static_cast<int>(columns.size()) < std::min(count, width / 4))
    columns.insert(1 + random.index(width - 2));
  std::vector<Span> spans;
  for (int const x : columns)
    for (int y = 0; y < height; ++y) spans.push_back({y, x, x});
  return spans;
}

/// A straight line between the pixels on either side; the nearer one alone at the frame's edge.
void interpolate(Image<double>& image, Span const& span) {
  auto const row = image.row(span.y);
  bool const has_left = span.x0 > 0;
  bool const has_right = span.x1 < image.width() - 1;
  double const left = row[static_cast<std::size_t>(has_left ? span.x0 - 1 : span.x1 + 1)];
  double const right = row[static_cast<std::size_t>(has_right ? span.x1 + 1 : span.x0 - 1)];
  double const step = (right - left) / (span.x1 - span.x0 + 2);
  for (int x = span.x0; x <= span.x1; ++x)
    row[static_cast<std::size_t>(x)] = left + step * (x - span.x0 + 1);
}

/// Photon noise and dark variance, Gaussian: tens of electrons per pixel are enough for that.
void add_noise(Image<double>& light, CcdSettings const& settings, Random& random) {
  for (double& value : light.pixels())
    value +=
        std::sqrt(std::max(value, 0.0) / settings.gain + settings.dark_variance) * random.normal();
}

Image<std::uint16_t> digitise(Image<double> const& light, int pedestal) {
  constexpr double highest = std::numeric_limits<std::uint16_t>::max();
  Image<std::uint16_t> pixels = Image<std::uint16_t>::uninitialised(light.bbox());
  std::ranges::transform(light.pixels(), pixels.pixels().begin(), [&](double value) {
    return static_cast<std::uint16_t>(std::clamp(std::floor(value + pedestal + 0.5), 0.0, highest));
  });
  return pixels;
}

}  // namespace

bool bleed_column(std::span<double> column, std::span<double const> full_well) {
  std::vector<double> excess(column.size());
  bool full = false;
  for (std::size_t y = 0; y < column.size(); ++y) {
    excess[y] = std::max(column[y] - full_well[y], 0.0);
    column[y] -= excess[y];
    full = full || excess[y] > 0;
  }
  if (!full) return false;
  Overflow up(column, excess, full_well);
  for (std::size_t y = 0; y < column.size(); ++y) up.pass(y);
  Overflow down(column, excess, full_well);
  for (std::size_t y = column.size(); y-- > 0;) down.pass(y);
  return true;
}

void bleed(Image<double>& light, double full_well) {
  auto const height = static_cast<std::size_t>(light.height());
  std::vector<double> column(height);
  std::vector<double> const wells(height, full_well);
  for (int x = 0; x < light.width(); ++x) {
    for (std::size_t y = 0; y < height; ++y) column[y] = light(x, static_cast<int>(y));
    if (!bleed_column(column, wells)) continue;
    for (std::size_t y = 0; y < height; ++y) light(x, static_cast<int>(y)) = column[y];
  }
}

CcdFrame expose(Image<double> light, CcdSettings const& settings, Random& random) {
  bleed(light, settings.full_well);
  CcdFrame frame;
  frame.defects.saturated = spans_at_full_well(light, settings.full_well);
  add_noise(light, settings, random);

  auto const columns = random_columns(settings.bad_columns, light.width(), light.height(), random);
  frame.defects.cosmic_rays =
      random_tracks(settings.cosmic_rays, light.width(), light.height(), random);
  for (Span const& span : columns) interpolate(light, span);
  for (Span const& span : frame.defects.cosmic_rays) interpolate(light, span);
  auto& interpolated = frame.defects.interpolated;
  interpolated = columns;
  std::ranges::copy(frame.defects.cosmic_rays, std::back_inserter(interpolated));
  std::ranges::copy(frame.defects.saturated, std::back_inserter(interpolated));

  frame.pixels = digitise(light, settings.pedestal);
  return frame;
}

}  // namespace simulate
