#include "finder.hpp"

#include <doctest/doctest.h>

#include "almagest/error.hpp"
#include "almagest/psf.hpp"

#include "test_field.hpp"

using namespace almagest;
using namespace repair;

namespace {

void at_once(std::size_t n, std::function<void(std::size_t, std::size_t)> const& body) {
  body(0, n);
}

PsfRatios gaussian(double fwhm) {
  return psf_ratios(GaussianPsf(fwhm / 2.3548, 21).kernel({0.0, 0.0}));
}

/// A flat sky of 1000 with noise 10 by its variance, but without any noise.
MaskedImage flat(int width, int height) {
  MaskedImage frame(Box{0, 0, width, height});
  for (float& value : frame.image.pixels()) value = 1000.0F;
  for (float& value : frame.variance.pixels()) value = 100.0F;
  return frame;
}

FoundRays find(MaskedImage frame, FinderOptions const& options = {}) {
  return find_cosmic_rays(frame, gaussian(4.0), 1000.0, options, at_once);
}

struct Score {
  double ray_pixels = 0, found = 0, star_pixels = 0, stars_taken = 0;
};

/// Counts ray pixels that stand 5 sigma above what is below them, and star pixels without any ray.
void count(Field const& field, FoundRays const& rays, Score& score) {
  int const side = field.frame.image.width();
  std::vector<bool> taken(field.noise.size(), false);
  for (Pixel const p : rays.pixels) taken[static_cast<std::size_t>(p.y * side + p.x)] = true;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (field.frame.mask.image().pixels()[i] != 0) continue;  // saturated
    if (field.rays[i] > 5.0 * field.noise[i]) {
      ++score.ray_pixels;
      score.found += taken[i] ? 1 : 0;
    } else if (field.rays[i] == 0.0 && field.stars[i] > field.noise[i]) {
      ++score.star_pixels;
      score.stars_taken += taken[i] ? 1 : 0;
    }
  }
}

}  // namespace

// The bars are 95 % and 0.1 %.
TEST_CASE("finder: in crowded fields, 95 % of the rays' pixels above 5 sigma, and no stars") {
  Score score;
  unsigned seed = 0;
  for (double const sky : {2000.0, 14000.0})
    for (double const fwhm : {3.5, 4.0, 4.5}) {
      Field field = make_field({.fwhm = fwhm, .sky = sky, .seed = ++seed});
      FinderOptions options;
      options.ignored = field.frame.mask.bit("SAT");
      count(field, find_cosmic_rays(field.frame, gaussian(fwhm), sky, options, at_once), score);
    }
  MESSAGE("ray pixels found: ", score.found, " of ", score.ray_pixels,
          "; star pixels taken: ", score.stars_taken, " of ", score.star_pixels);
  CHECK(score.ray_pixels > 2000);
  CHECK(score.found > 0.95 * score.ray_pixels);
  CHECK(score.star_pixels > 150000);
  CHECK(score.stars_taken < 0.0002 * score.star_pixels);
}

TEST_CASE("finder: the PSF may be 15 % off, and stars still stay") {
  for (double const error : {0.85, 1.15}) {
    Score score;
    Field field = make_field({.fwhm = 4.0, .seed = 9});
    FinderOptions options;
    options.ignored = field.frame.mask.bit("SAT");
    count(field, find_cosmic_rays(field.frame, gaussian(4.0 * error), 2000.0, options, at_once),
          score);
    CAPTURE(error);
    CHECK(score.stars_taken < 0.001 * score.star_pixels);
    CHECK(score.found > 0.9 * score.ray_pixels);
  }
}

TEST_CASE("finder: the frame comes back as it was, and threads change nothing") {
  Field field = make_field({.side = 400, .seed = 3});
  MaskedImage const before = field.frame;
  FinderOptions options;
  options.ignored = field.frame.mask.bit("SAT");
  auto const whole = find_cosmic_rays(field.frame, gaussian(4.0), 2000.0, options, at_once);
  auto const backwards = [](std::size_t n, auto const& body) {
    for (std::size_t i = n; i-- > 0;) body(i, i + 1);
  };
  auto const parts = find_cosmic_rays(field.frame, gaussian(4.0), 2000.0, options, backwards);
  CHECK(whole.pixels == parts.pixels);
  CHECK(whole.count == parts.count);
  CHECK(std::ranges::equal(before.image.pixels(), std::as_const(field.frame.image).pixels()));
  CHECK(std::ranges::equal(before.variance.pixels(), std::as_const(field.frame.variance).pixels()));
}

TEST_CASE("finder: a track two pixels wide grows whole from its ends, and counts once") {
  MaskedImage frame = flat(60, 40);
  for (int x = 10; x < 50; ++x)
    for (int y = 20; y < 22; ++y) frame.image(x, y) += 200.0F;  // 20 sigma
  FoundRays const rays = find(frame);
  CHECK(rays.pixels.size() == 80);
  CHECK(rays.count == 1);
}

TEST_CASE("finder: pixels at the frame's edge are told by the pairs that they have") {
  MaskedImage frame = flat(20, 20);
  frame.image(0, 10) += 500.0F;
  frame.image(10, 19) += 500.0F;
  CHECK(find(frame).pixels == std::vector<Pixel>{{0, 10}, {10, 19}});
}

TEST_CASE("finder: a ray needs enough light, over all of its first pixels") {
  MaskedImage frame = flat(30, 30);
  frame.image(5, 5) += 140.0F;
  frame.image(20, 20) += 140.0F;
  frame.image(21, 21) += 140.0F;
  CHECK(find(frame).pixels == std::vector<Pixel>{{20, 20}, {21, 21}});
}

TEST_CASE("finder: saturated pixels and those next to interpolated ones are no rays") {
  MaskedImage frame = flat(30, 30);
  FinderOptions options;
  options.ignored = frame.mask.bit("SAT");
  options.interpolated = frame.mask.bit("INTRP");
  for (int const x : {5, 15, 25}) frame.image(x, 10) += 1000.0F;
  frame.mask.image()(5, 10) = options.ignored;
  frame.mask.image()(14, 11) = options.interpolated;
  CHECK(find(frame, options).pixels == std::vector<Pixel>{{25, 10}});
}

TEST_CASE("finder: too many pixels are an error that says what to look at") {
  MaskedImage frame = flat(30, 30);
  for (int x = 2; x < 30; x += 4) frame.image(x, 10) += 1000.0F;
  FinderOptions options;
  options.max_pixels = 6;
  CHECK_THROWS_WITH_AS(find(frame, options),
                       "more than 6 pixels look like cosmic rays (max_pixels): is the PSF wider "
                       "than the stars are, or the variance too small?",
                       DataError);
}

TEST_CASE("finder: a PSF without a peak is refused") {
  CHECK_THROWS_AS(psf_ratios(Image<double>(Box{-5, -5, 11, 11})), DataError);
  Image<double> single(Box{0, 0, 1, 1});
  single(0, 0) = 1.0;
  CHECK_THROWS_AS(psf_ratios(single), DataError);
}
