#include "fringe_amplitude.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "almagest/statistics.hpp"

namespace isr {
namespace {
using namespace almagest;

/// Uniform in 0 … n − 1, the same on every machine.
int uniform(std::mt19937_64& generator, int n) {
  return static_cast<int>(((generator() >> 32) * static_cast<std::uint64_t>(n)) >> 32);
}

/// The median of every `step`-th pixel along either axis of a box; none when less than half counts.
std::optional<float> median(Mixture const& mixture, Image<std::uint8_t> const& unusable,
                            Box const& box, int step, std::vector<float>& work) {
  work.resize(static_cast<std::size_t>(box.area()) + 1);
  std::size_t taken = 0, count = 0;
  for (int y = box.y0; y <= box.y1(); y += step) {
    float const* const frame = mixture.frame->row(y).data();
    float const* const added = (mixture.added ? mixture.added : mixture.frame)->row(y).data();
    std::uint8_t const* const ignored = unusable.row(y).data();
    // Every pixel is written, and only a good one is kept: no branch to guess.
    for (int x = box.x0; x <= box.x1(); x += step) {
      work[count] = frame[x] + mixture.factor * added[x];
      count += ignored[x] == 0 ? 1 : 0;
      ++taken;
    }
  }
  if (count == 0 || 2 * count < taken) return std::nullopt;
  std::span<float> const values(work.data(), count);
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

Box box_around(Pixel centre, int side) {
  return {centre.x - side / 2, centre.y - side / 2, side, side};
}

struct Line {
  double scale = 0.0, constant = 0.0, spread = 0.0;
};

/// \returns none when all abscissae are the same
std::optional<Line> fit_line(std::span<FringeAmplitude const> points) {
  double const n = static_cast<double>(points.size());
  double mean_x = 0.0, mean_y = 0.0;
  for (FringeAmplitude const& p : points) {
    mean_x += p.fringe / n;
    mean_y += p.science / n;
  }
  double xx = 0.0, xy = 0.0;
  for (FringeAmplitude const& p : points) {
    xx += (p.fringe - mean_x) * (p.fringe - mean_x);
    xy += (p.fringe - mean_x) * (p.science - mean_y);
  }
  if (!(xx > 0.0)) return std::nullopt;
  return Line{xy / xx, mean_y - xy / xx * mean_x, xx};
}

}  // namespace

std::vector<Pixel> fringe_positions(int width, int height, int margin, std::size_t count,
                                    std::uint64_t seed) {
  std::vector<Pixel> positions;
  int const columns = width - 2 * margin, rows = height - 2 * margin;
  if (columns <= 0 || rows <= 0) return positions;
  std::mt19937_64 generator(seed);
  positions.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    int const x = margin + uniform(generator, columns);
    positions.push_back({x, margin + uniform(generator, rows)});
  }
  return positions;
}

std::optional<float> fringe_amplitude(Mixture const& mixture, Image<std::uint8_t> const& unusable,
                                      Pixel centre, FringeBoxes const& boxes) {
  // So many values along each side give the level of a large box to a third of the small one's.
  constexpr int along_side = 20;
  std::vector<float> work;
  auto const middle = median(mixture, unusable, box_around(centre, boxes.small), 1, work);
  if (!middle) return std::nullopt;
  auto const around = median(mixture, unusable, box_around(centre, boxes.large),
                             std::max(1, boxes.large / along_side), work);
  if (!around) return std::nullopt;
  return *middle - *around;
}

std::optional<FringeScale> fit_fringe_scale(std::span<FringeAmplitude const> amplitudes,
                                            double sigmas, int max_iterations) {
  constexpr double sigma_per_iqr = 0.7413;
  std::vector<FringeAmplitude> kept(amplitudes.begin(), amplitudes.end());
  for (int iteration = 0;; ++iteration) {
    if (kept.size() < 3) return std::nullopt;
    auto const line = fit_line(kept);
    if (!line) return std::nullopt;
    auto const residual = [&](FringeAmplitude const& p) {
      return p.science - line->scale * p.fringe - line->constant;
    };
    std::vector<double> residuals;
    for (FringeAmplitude const& p : kept) residuals.push_back(residual(p));
    double const low = quantile(residuals, 0.25), middle = quantile(residuals, 0.5),
                 high = quantile(residuals, 0.75);
    double const scatter = sigma_per_iqr * (high - low);
    std::size_t const before = kept.size();
    FringeScale const result{line->scale, scatter / std::sqrt(line->spread), scatter, before};
    if (iteration == max_iterations) return result;
    std::erase_if(kept, [&](FringeAmplitude const& p) {
      return std::abs(residual(p) - middle) > sigmas * scatter;
    });
    if (kept.size() == before) return result;
  }
}

}  // namespace isr
