#include "star_field.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numbers>
#include <random>
#include <utility>

namespace bench {
namespace {
using namespace almagest;

constexpr std::uint64_t seed = 20130617;
constexpr int margin = 75;       // pixels without a star along every side
constexpr int stamp_reach = 20;  // pixels that a star is drawn over, from its centre
constexpr int kernel_half = 15;  // of the PSF's kernel, pixels
constexpr double faintest = 150.0, brightest = 3e6;  // adu

// The PSF's core and wing: width [pixel] and share of the light.
struct Component {
  double sigma, share;
};
constexpr std::array<Component, 2> profile{{{1.25, 0.85}, {2.8, 0.15}}};

/// std::normal_distribution may differ from library to library.
class Random {
 public:
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  double normal() {
    double const radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

 private:
  std::mt19937_64 engine_{seed};
};

double gaussian(double x, double y, double sigma) {
  return std::exp(-0.5 * (x * x + y * y) / (sigma * sigma)) /
         (2.0 * std::numbers::pi * sigma * sigma);
}

void draw(Image<float>& image, Star const& star) {
  Pixel const centre = nearest_pixel(star.position);
  for (int y = centre.y - stamp_reach; y <= centre.y + stamp_reach; ++y)
    for (int x = centre.x - stamp_reach; x <= centre.x + stamp_reach; ++x) {
      double light = 0.0;
      for (Component const& c : profile)
        light += c.share * gaussian(x - star.position.x, y - star.position.y, c.sigma);
      image.at({x, y}) += static_cast<float>(star.flux * light);
    }
}

Image<double> basis_image(auto const& value) {
  int const side = 2 * kernel_half + 1;
  auto image = Image<double>::uninitialised(Box{-kernel_half, -kernel_half, side, side});
  for (int y = -kernel_half; y <= kernel_half; ++y)
    for (int x = -kernel_half; x <= kernel_half; ++x) image.at({x, y}) = value(x, y);
  return image;
}

}  // namespace

std::shared_ptr<Psf const> field_psf() {
  // Constant core and wing; ellipticity and width change a little over the frame.
  auto const constant = [](double c) { return std::vector<double>{c, 0, 0, 0, 0, 0, 0, 0, 0}; };
  std::vector<double> const along_x{0, 0, 0, 0.005, 0, 0, 0, 0, 0};
  std::vector<double> const along_y{0, 0.005, 0.001, 0, 0, 0, 0, 0, 0};
  double const narrow = profile[0].sigma, wide = profile[1].sigma;
  std::vector<KernelPsf::Basis> basis;
  basis.push_back({basis_image([&](int x, int y) { return gaussian(x, y, narrow); }),
                   constant(profile[0].share)});
  basis.push_back({basis_image([&](int x, int y) { return gaussian(x, y, wide); }),
                   constant(profile[1].share)});
  basis.push_back(
      {basis_image([&](int x, int y) { return (x * x - y * y) * gaussian(x, y, narrow); }),
       along_x});
  basis.push_back({basis_image([&](int x, int y) {
                     return (x * x + y * y - 2.0 * narrow * narrow) * gaussian(x, y, narrow);
                   }),
                   along_y});
  return std::make_shared<KernelPsf>(std::move(basis), 2, 2, 0.001);
}

StarField star_field(int star_count, double sky) {
  Random random;
  StarField field{Exposure(MaskedImage(Box{0, 0, frame_width, frame_height})), {}};
  Image<float>& image = field.exposure.image();
  for (int i = 0; i < star_count; ++i) {
    double const x = margin + random.uniform() * (frame_width - 2 * margin);
    double const y = margin + random.uniform() * (frame_height - 2 * margin);
    double const flux = faintest * std::pow(brightest / faintest, random.uniform());
    field.stars.push_back({{x, y}, flux});
  }
  // From below to above, as a detection finds them: neighbours in the list share cached rows.
  std::sort(field.stars.begin(), field.stars.end(),
            [](Star const& a, Star const& b) { return a.position.y < b.position.y; });
  for (Star const& star : field.stars) draw(image, star);
  Image<float>& variance = field.exposure.variance();
  for (int y = 0; y < frame_height; ++y)
    for (int x = 0; x < frame_width; ++x) {
      double const light = image(x, y);
      double const square = (light + sky_level) / gain;
      variance(x, y) = static_cast<float>(square);
      image(x, y) = static_cast<float>(light + sky + std::sqrt(square) * random.normal());
    }

  field.exposure.psf = field_psf();
  constexpr double scale = 0.396 / 3600.0;  // degrees per pixel, SDSS
  field.exposure.wcs =
      Wcs({0.5 * frame_width, 0.5 * frame_height}, {3.0, 0.1}, {scale, 0.0, 0.0, scale});
  return field;
}

FootprintSet footprints_of(StarField const& field) {
  constexpr int radius = 8;
  FootprintSet set{field.exposure.bbox(), {}, {}, {}};
  for (Star const& star : field.stars) {
    Pixel const centre = nearest_pixel(star.position);
    std::vector<Span> spans;
    for (int dy = -radius; dy <= radius; ++dy) {
      int const reach = static_cast<int>(std::sqrt(radius * radius - dy * dy));
      spans.push_back({centre.y + dy, centre.x - reach, centre.x + reach});
    }
    set.footprints.emplace_back(std::move(spans),
                                std::vector<Peak>{{centre, field.exposure.image().at(centre)}});
  }
  return set;
}

}  // namespace bench
