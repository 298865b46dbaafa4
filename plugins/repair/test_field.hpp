#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <random>
#include <vector>

#include "almagest/mask.hpp"

/// A made-up crowded field with cosmic rays, and what is true of it.
namespace repair {

struct FieldOptions {
  int side = 600;        ///< [pixel]
  double fwhm = 4.0;     ///< of the stars, Moffat profiles with beta 3 [pixel]
  double sky = 2000.0;   ///< [electron]
  int stars = 290;       ///< 800 per megapixel, of signal to noise 5 to 1000 ...
  int bright_stars = 2;  ///< ... and these, which saturate
  int rays = 22;         ///< 60 per megapixel
  unsigned seed = 1;
};

struct Field {
  almagest::MaskedImage frame;  ///< [electron]
  std::vector<double> stars;    ///< light of stars [electron], row by row
  std::vector<double> rays;     ///< light of cosmic rays [electron]
  std::vector<double> noise;    ///< of the sky, the stars and the read-out [electron]
};

inline constexpr double field_saturation = 150000.0;  // electron

inline double evenly(std::mt19937& generator) {
  return static_cast<double>(generator()) / 4294967296.0;
}

inline void add_star(Field& field, double flux, almagest::Point at, double fwhm) {
  int const side = field.frame.image.width();
  int const reach = flux > 1e6 ? 60 : 25;
  double const core = 0.5 * fwhm / std::sqrt(std::cbrt(2.0) - 1.0);
  double const peak = 2.0 * flux / (std::numbers::pi * core * core);
  for (int y = std::max(0, static_cast<int>(at.y) - reach);
       y <= std::min(side - 1, static_cast<int>(at.y) + reach); ++y)
    for (int x = std::max(0, static_cast<int>(at.x) - reach);
         x <= std::min(side - 1, static_cast<int>(at.x) + reach); ++x) {
      double const r2 = (x - at.x) * (x - at.x) + (y - at.y) * (y - at.y);
      double const fall = 1.0 + r2 / (core * core);
      field.stars[static_cast<std::size_t>(y * side + x)] += peak / (fall * fall * fall);
    }
}

/// A straight track; each step's charge is shared among the four pixels around it.
inline void add_ray(Field& field, double charge, double length, double angle, almagest::Point at) {
  int const side = field.frame.image.width();
  int const steps = static_cast<int>(20.0 * length);
  for (int i = 0; i < steps; ++i) {
    double const x = at.x + length * i / steps * std::cos(angle);
    double const y = at.y + length * i / steps * std::sin(angle);
    int const x0 = static_cast<int>(std::floor(x)), y0 = static_cast<int>(std::floor(y));
    if (x0 < 0 || y0 < 0 || x0 + 1 >= side || y0 + 1 >= side) continue;
    for (int dy = 0; dy < 2; ++dy)
      for (int dx = 0; dx < 2; ++dx)
        field.rays[static_cast<std::size_t>((y0 + dy) * side + x0 + dx)] +=
            charge / steps * (1.0 - std::abs(x - x0 - dx)) * (1.0 - std::abs(y - y0 - dy));
  }
}

inline Field make_field(FieldOptions const& options) {
  constexpr double read_noise = 5.0;
  int const side = options.side;
  auto const pixels = static_cast<std::size_t>(side) * static_cast<std::size_t>(side);
  Field field{almagest::MaskedImage(almagest::Box{0, 0, side, side}), std::vector<double>(pixels),
              std::vector<double>(pixels), std::vector<double>(pixels)};
  std::mt19937 generator(options.seed);
  auto const even = [&] { return evenly(generator); };
  double const sky_noise = std::sqrt(options.sky + read_noise * read_noise);
  double const sigma = options.fwhm / 2.3548;
  double const area = 4.0 * std::numbers::pi * sigma * sigma;  // noise pixels of a PSF fit
  for (int i = 0; i < options.stars + options.bright_stars; ++i) {
    // n = f/√(f + a·s²) solved for f: the star's own photons count too.
    double const n = 5.0 * std::pow(200.0, even());
    double const own = 0.5 * n * (n + std::sqrt(n * n + 4.0 * area * sky_noise * sky_noise));
    double const flux = i < options.stars ? own : 4e6 * std::pow(10.0, even());
    add_star(field, flux, {even() * side, even() * side}, options.fwhm);
  }
  for (int i = 0; i < options.rays; ++i)
    add_ray(field, 6e3 * std::pow(1e5 / 6e3, even()), 5.0 * std::pow(16.0, even()),
            std::numbers::pi * even(), {even() * side, even() * side});

  almagest::MaskPixel const saturated = field.frame.mask.bit("SAT");
  for (std::size_t i = 0; i < pixels; ++i) {
    double const mean = options.sky + field.stars[i] + field.rays[i];
    double const deviate =
        std::sqrt(-2.0 * std::log(1.0 - even())) * std::cos(2.0 * std::numbers::pi * even());
    double value = mean + std::sqrt(mean + read_noise * read_noise) * deviate;
    if (value > field_saturation) {
      value = field_saturation;
      field.frame.mask.image().pixels()[i] |= saturated;
    }
    field.noise[i] = std::sqrt(options.sky + field.stars[i] + read_noise * read_noise);
    field.frame.image.pixels()[i] = static_cast<float>(value);
    field.frame.variance.pixels()[i] =
        static_cast<float>(std::max(value, 0.0) + read_noise * read_noise);
  }
  return field;
}

}  // namespace repair
