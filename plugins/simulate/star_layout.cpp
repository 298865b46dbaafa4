#include "star_layout.hpp"

#include <cmath>
#include <cstddef>
#include <numbers>

#include "signal_to_noise.hpp"

namespace simulate {

using namespace almagest;

namespace {

/// Nearer to the frame's sides nothing is put: PSF and centroid stamps fit in.
constexpr double border = 32.0;
/// A cell's middle part where its star or the middle of its pair stands, in cells.
constexpr double free_part = 0.5;
/// Of the stars that a pipeline calibrates itself with: far from saturation in all filters.
constexpr double calibration_snr = 600.0;
/// Where the PSF is summed for the signal to noise [pixel].
constexpr int reach = 20;

/// Magnitudes with which a star at a position has that signal to noise in every filter.
std::array<double, filter_count> magnitudes(FieldDescription const& field, Point mu_nu,
                                            double signal_to_noise) {
  std::array<double, filter_count> magnitude{};
  for (std::size_t filter = 0; filter < filter_count; ++filter) {
    Point const position = field.geometry[filter].pixel(mu_nu);
    Pixel const middle = nearest_pixel(position);
    Image<double> profile(
        Box::from_corners(middle.x - reach, middle.y - reach, middle.x + reach, middle.y + reach));
    constexpr double faintest = 1e-9;
    add(profile, field.psf[filter].at(position), 1.0, position, faintest);
    double const flux =
        flux_of_signal_to_noise(profile, signal_to_noise, field.sky[filter], filter_table[filter]);
    magnitude[filter] = -2.5 * std::log10(flux / exposure_time_s) - filter_table[filter].zero_point;
  }
  return magnitude;
}

std::vector<Point> cell_middles(double spacing, int width, int height) {
  std::vector<Point> middles;
  for (double y = border + 0.5 * spacing; y + 0.5 * spacing < height - border; y += spacing)
    for (double x = border + 0.5 * spacing; x + 0.5 * spacing < width - border; x += spacing)
      middles.push_back({x, y});
  return middles;
}

}  // namespace

std::vector<SkyObject> lay_out(StarLayout const& layout, FieldDescription const& field,
                               std::size_t reference, std::uint64_t seed) {
  Random random(seed, "star layout");
  std::vector<SkyObject> stars;
  auto const put = [&](Point pixel, double snr) {
    SkyObject star;
    star.mu_nu = field.geometry[reference].great_circle(pixel);
    star.magnitude = magnitudes(field, star.mu_nu, snr);
    stars.push_back(star);
  };
  auto const random_snr = [&] {
    return std::exp(random.uniform(std::log(layout.lowest_snr), std::log(layout.highest_snr)));
  };
  std::vector<Point> const cells = cell_middles(layout.spacing, field.width, field.height);
  double const slack = 0.5 * free_part * layout.spacing;
  auto const calibration_stars_before = [&](std::size_t cell) {
    return cell * static_cast<std::size_t>(layout.calibration_stars) / cells.size();
  };
  for (std::size_t k = 0; k < cells.size(); ++k) {
    Point const middle{cells[k].x + random.uniform(-slack, slack),
                       cells[k].y + random.uniform(-slack, slack)};
    if (calibration_stars_before(k + 1) > calibration_stars_before(k)) {
      put(middle, calibration_snr);
    } else if (layout.pair_separation == 0.0) {
      put(middle, random_snr());
    } else {
      double const angle = random.uniform(0.0, std::numbers::pi);
      double const dx = 0.5 * layout.pair_separation * std::cos(angle);
      double const dy = 0.5 * layout.pair_separation * std::sin(angle);
      put({middle.x - dx, middle.y - dy}, random_snr());
      put({middle.x + dx, middle.y + dy}, random_snr());
    }
  }
  return stars;
}

double full_width_half_maximum(Mixture const& profile) {
  double const half = 0.5 * value(profile, 0.0, 0.0);
  auto const distance = [&](double ux, double uy) {
    double inside = 0.0;
    double outside = 1.0;
    while (value(profile, outside * ux, outside * uy) > half) outside *= 2.0;
    constexpr int bisections = 50;
    for (int i = 0; i < bisections; ++i) {
      double const middle = 0.5 * (inside + outside);
      (value(profile, middle * ux, middle * uy) > half ? inside : outside) = middle;
    }
    return inside;
  };
  return distance(1.0, 0.0) + distance(0.0, 1.0);
}

}  // namespace simulate
