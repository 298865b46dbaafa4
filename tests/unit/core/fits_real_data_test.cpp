// Real SDSS files. Expected values: astropy 5.2 on the same files.
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <optional>

#include <doctest/doctest.h>

#include "almagest/fits.hpp"

using namespace almagest;

namespace {

/// The frames of the demo's run; none when they are not there, which CI does not accept.
std::optional<std::filesystem::path> sdss_run() {
  char const* const set = std::getenv("ALMAGEST_TESTDATA");
  std::filesystem::path const root = set ? set : ALMAGEST_SOURCE_DIR "/../shared/data";
  auto const run = root / "sdss_demo/input/4192/40";
  if (std::filesystem::exists(run)) return run;
  char const* const ci = std::getenv("CI");
  REQUIRE_MESSAGE((!ci || std::string(ci) != "true"), "no test data at " << run.string());
  MESSAGE("skipped: no test data at " << run.string());
  return std::nullopt;
}

}  // namespace

TEST_CASE("fits: an SDSS frame (gzip, unsigned 16-bit) has astropy's pixels") {
  auto const run = sdss_run();
  if (!run) return;
  fits::Reader reader(*run / "corr/4/fpC-004192-r4-0300.fit.gz");
  CHECK(reader.hdu_count() == 1);
  auto const image = reader.image<std::uint16_t>(0);
  CHECK(image.bbox() == Box{0, 0, 2048, 1489});
  CHECK(image(0, 0) == 1141);
  CHECK(image(2047, 1360) == 1153);
  CHECK(image(1000, 700) == 1150);
  auto const pixels = image.pixels();
  CHECK(std::accumulate(pixels.begin(), pixels.end(), std::int64_t{0}) == 3498145701);
  auto const part = reader.image<float>(0, Box{1000, 700, 2, 2});
  CHECK(part(0, 0) == 1150.0F);
  Header const header = reader.header(0);
  CHECK(header.number("TAI") == 4573255414.68);
  CHECK(header.number("RA") == 351.08249);
  CHECK(header.integer("RUN") == 4192);
  CHECK(header.text("OBJECT") == "82 S");
}

TEST_CASE("fits: SDSS mask, astrometry, PSF and calibration tables have astropy's values") {
  auto const run = sdss_run();
  if (!run) return;
  {
    fits::Reader reader(*run / "objcs/4/fpM-004192-r4-0300.fit");
    CHECK(reader.hdu_count() == 12);
    fits::Table const interpolated = reader.table(1);
    CHECK(interpolated.rows == 206);
    auto const pixels = interpolated.numbers("npix");
    CHECK(std::accumulate(pixels.begin(), pixels.end(), 0.0) == 20463.0);
    auto const& spans = interpolated.byte_arrays("s");
    CHECK(spans[0].size() == 8934);
    CHECK(spans[0][7] == 1);
    std::size_t bytes = 0;
    for (auto const& span : spans) bytes += span.size();
    CHECK(bytes == 109866);
    fits::Table const names = reader.table(11);
    CHECK(names.texts("attributeName")[9] == "S_MASK_CR");
    CHECK(names.numbers("Value")[9] == 9.0);
  }
  {
    fits::Reader reader(*run / "astrom/asTrans-004192.fit");
    fits::Table const r4 = reader.table(16);
    CHECK(r4.header.text("FILTER") == "r");
    CHECK(r4.header.integer("CAMCOL") == 4);
    CHECK(r4.numbers("field")[289] == 300.0);
    CHECK(r4.numbers("a")[289] == 351.5676878839004);
    CHECK(r4.numbers("c")[289] == 1.953243181813175e-08);
    CHECK(r4.numbers("dRow3")[289] == 2.035483147599934e-11);
    CHECK(r4.numbers("muErr")[289] == double{0.056513432F});
  }
  {
    fits::Reader reader(*run / "objcs/4/psField-004192-4-0300.fit");
    fits::Table const r = reader.table(3);
    CHECK(r.numbers("RNROW") == std::vector<double>{51, 51, 51, 51});
    CHECK(r.column("c").repeat == 25);
    CHECK(r.numbers("c")[1] == double{3.7747732e-08F});
    auto const& images = r.float_arrays("RROWS");
    CHECK(images[0].size() == 51 * 51);
    CHECK(images[0][25 * 51 + 25] == 23077.8515625F);
    CHECK(double{images[3][26 * 51 + 20]} == 8.490580558776855);
  }
  {
    fits::Reader reader(*run / "calibChunks/4/tsField-004192-4-40-0300.fit");
    fits::Table const field = reader.table(1);
    CHECK(reader.header(0).text("FILTERS") == "u g r i z");
    CHECK(field.numbers("gain")[2] == 4.760000228881836);
    CHECK(field.numbers("aa")[2] == -24.002946853637695);
    CHECK(field.numbers("mjd")[2] == 52931.19692920001);
    CHECK(field.column("prof_mean").shape == std::vector<int>{5, 15});
    CHECK(field.column("gain").unit == "electrons/DN");
  }
}
