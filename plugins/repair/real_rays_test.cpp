#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "almagest/fits.hpp"
#include "almagest/statistics.hpp"
#include "almagest/task_harness.hpp"

#include "cosmic_rays.hpp"

using namespace almagest;

namespace {

std::optional<Image<float>> cut_out() {
  char const* const set = std::getenv("ALMAGEST_TESTDATA");
  std::filesystem::path const root = set ? set : ALMAGEST_SOURCE_DIR "/../shared/data";
  std::filesystem::path const path = root / "hsc/pixels/hsc_crs.fits";
  if (!std::filesystem::exists(path)) {
    char const* const ci = std::getenv("CI");
    REQUIRE_MESSAGE(!(ci && ci == std::string("true")), path, " is missing");
    MESSAGE("skipped: no test data (ALMAGEST_TESTDATA)");
    return std::nullopt;
  }
  auto image = fits::Reader(path).image<float>(0);
  return image;
}

}  // namespace

// HSC, 300 x 300 pixels of one amplifier in electrons. The boxes are those of the nine groups of
// pixels above 5 sigma with more than 5000 electrons, labelled by scipy.ndimage.
TEST_CASE("cosmic rays: all nine of a real HSC frame are found") {
  constexpr std::array<Box, 9> rays{{{257, 2, 22, 19},
                                     {12, 115, 6, 4},
                                     {51, 158, 10, 14},
                                     {257, 178, 8, 10},
                                     {29, 201, 7, 24},
                                     {113, 206, 7, 6},
                                     {180, 206, 14, 8},
                                     {107, 238, 15, 3},
                                     {54, 273, 4, 3}}};
  auto const image = cut_out();
  if (!image) return;
  MaskedImage pixels(image->bbox());
  pixels.image = *image;
  std::vector<float> values(image->pixels().begin(), image->pixels().end());
  auto const sky = clipped_statistics(values);
  for (std::size_t i = 0; i < values.size(); ++i)  // electrons: Poisson, on top of the sky's own
    pixels.variance.pixels()[i] = static_cast<float>(sky.scatter * sky.scatter +
                                                     std::max(0.0, image->pixels()[i] - sky.mean));
  Exposure exposure(std::move(pixels));
  exposure.psf = std::make_shared<GaussianPsf>(5.0 / 2.3548, 29);

  TaskHarness harness(std::make_unique<repair::CosmicRays>());
  harness.give("exposure", exposure);
  CHECK_FALSE(harness.run().skipped());
  auto const& result = harness.result<Exposure>("exposure");
  MaskPixel const ray = result.mask().bit("CR");
  for (Box const& box : rays) {
    int bright = 0, found = 0, still_bright = 0;
    for (int y = box.y0; y <= box.y1(); ++y)
      for (int x = box.x0; x <= box.x1(); ++x) {
        bright += (*image)(x, y) > sky.mean + 5.0 * sky.scatter ? 1 : 0;
        found += (result.mask().image()(x, y) & ray) != 0 ? 1 : 0;
        still_bright += result.image()(x, y) > sky.mean + 5.0 * sky.scatter ? 1 : 0;
      }
    CAPTURE(box.x0);
    CAPTURE(box.y0);
    CHECK(found >= bright);
    CHECK(still_bright == 0);
  }
  CHECK(harness.metric("cosmic_rays") >= 9);
  CHECK(harness.metric("cosmic_rays") <= 11);  // a tenth, of 3 pixels and 320 electrons
  CHECK(harness.metric("cosmic_ray_pixels") < 400);
}
