// Expected ids: the file names of reference catalogues that the LSST stack has sharded.
#include <doctest/doctest.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <random>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "almagest/htm.hpp"

using namespace almagest;
namespace fs = std::filesystem;

namespace {

std::optional<fs::path> test_data() {
  char const* const set = std::getenv("ALMAGEST_TESTDATA");
  fs::path const root = set ? set : ALMAGEST_SOURCE_DIR "/../shared/data";
  if (fs::exists(root)) return root;
  char const* const ci = std::getenv("CI");
  REQUIRE_MESSAGE((!ci || std::string(ci) != "true"), "no test data at " << root);
  MESSAGE("skipped: no test data at " << root);
  return std::nullopt;
}

/// `189584.fits` and `ps1_pv3_3pi_20170110_189584_refcats.fits`.
std::optional<std::int64_t> id_in_name(fs::path const& file) {
  std::string name = file.stem().string();
  if (name.ends_with("_refcats")) {
    name.resize(name.size() - 8);
    name = name.substr(name.rfind('_') + 1);
  }
  std::int64_t id = 0;
  auto const [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return id;
}

bool holds(std::vector<std::int64_t> const& ids, std::int64_t id) {
  return std::ranges::binary_search(ids, id);
}

/// The direction at a distance and a position angle from another one, by vectors.
SkyPoint displaced(SkyPoint const& from, double distance, double angle) {
  double const ca = std::cos(from.ra), sa = std::sin(from.ra);
  double const cd = std::cos(from.dec), sd = std::sin(from.dec);
  double const east = std::sin(distance) * std::sin(angle);
  double const north = std::sin(distance) * std::cos(angle);
  double const out = std::cos(distance);
  double const x = out * cd * ca - east * sa - north * sd * ca;
  double const y = out * cd * sa + east * ca - north * sd * sa;
  double const z = out * sd + north * cd;
  return {std::atan2(y, x), std::atan2(z, std::hypot(x, y))};
}

}  // namespace

TEST_CASE("htm: every object of the stack's shards has the id of its file") {
  auto const data = test_data();
  if (!data) return;
  std::map<std::string, std::size_t> objects;
  for (char const* const folder :
       {"refcat/gaia_dr2_20200414", "refcat/ps1_pv3_3pi_20170110", "refcat/sdss_demo_ref_cat",
        "sdss_demo/input/ref_cats/sdss_demo_ref_cat"})
    for (auto const& entry : fs::directory_iterator(*data / folder)) {
      auto const id = id_in_name(entry.path());
      if (!id || entry.path().extension() != ".fits") continue;
      CAPTURE(entry.path());
      fits::Table const table = fits::Reader(entry.path()).table(1);
      auto const ra = table.numbers("coord_ra"), dec = table.numbers("coord_dec");
      std::size_t same = 0;
      for (std::size_t i = 0; i < ra.size(); ++i) same += htm_id({ra[i], dec[i]}, 7) == *id;
      CHECK(same == ra.size());
      objects[folder] += ra.size();
    }
  CHECK(objects.at("refcat/gaia_dr2_20200414") == 5739);  // as the data's index says
  CHECK(objects.at("refcat/ps1_pv3_3pi_20170110") == 35202);
}

TEST_CASE("htm: the ids of a level have its number of digits") {
  CHECK(htm_id({0.1, -0.1}, 0) == 8);
  CHECK(htm_id({0.1, 0.1}, 0) == 15);
  CHECK(htm_id({0.1, -1.0}, 0) == 8);
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> uniform;
  for (int i = 0; i < 1000; ++i) {
    SkyPoint const p{2 * std::numbers::pi * uniform(random), std::asin(2 * uniform(random) - 1)};
    std::int64_t const deep = htm_id(p, max_htm_level);
    for (int level = 0; level < max_htm_level; ++level)
      CHECK(htm_id(p, level) == deep >> 2 * (max_htm_level - level));
    std::int64_t const root = deep >> 2 * max_htm_level;
    CHECK(root >= 8);
    CHECK(root < 16);
  }
  // Poles and corners of the roots are in some triangle.
  for (double const dec : {-90.0, 0.0, 90.0})
    for (double const ra : {0.0, 90.0, 180.0, 270.0, 360.0, -90.0}) {
      std::int64_t const id = htm_id({ra * radians_per_degree, dec * radians_per_degree}, 7);
      CHECK(id >= 131072);
      CHECK(id <= 262143);
    }
  CHECK_THROWS_AS(htm_id({0, 0}, 25), DataError);
  CHECK_THROWS_AS(htm_id({0, 0}, -1), DataError);
  CHECK_THROWS_AS(htm_id({std::nan(""), 0}, 7), DataError);
}

TEST_CASE("htm: a cover holds the triangle of every point of the circle, and few others") {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> uniform;
  for (int trial = 0; trial < 400; ++trial) {
    SkyCircle circle{{2 * std::numbers::pi * uniform(random), std::asin(2 * uniform(random) - 1)},
                     std::pow(10.0, -6 + 6.4 * uniform(random))};
    if (trial % 5 == 0) circle.centre.dec = (trial % 2 ? 0.5 : -0.5) * std::numbers::pi;
    int const level = trial % 9;
    auto const ids = htm_cover(circle, level);
    CAPTURE(circle.radius);
    CAPTURE(level);
    REQUIRE(std::ranges::is_sorted(ids));
    REQUIRE(std::ranges::adjacent_find(ids) == ids.end());
    CHECK(holds(ids, htm_id(circle.centre, level)));
    int missing = 0;
    for (int i = 0; i < 100; ++i) {
      double const inside = std::min(circle.radius, std::numbers::pi) *
                            (i % 2 ? 1 - 1e-9 : std::sqrt(uniform(random)));
      SkyPoint const p = displaced(circle.centre, inside, 2 * std::numbers::pi * uniform(random));
      missing += !holds(ids, htm_id(p, level));
    }
    CHECK(missing == 0);
    // A triangle's side is at most 90 deg / 2^level, and it is at least half as high.
    double const side = 0.5 * std::numbers::pi / std::pow(2.0, level);
    double const grown = std::min(circle.radius + 1.2 * side, std::numbers::pi);
    double const most = 8 * std::pow(4.0, level) * 0.5 * (1 - std::cos(grown)) * 2 + 4;
    CHECK(static_cast<double>(ids.size()) < most);
  }
}

TEST_CASE("htm: the cover of an SDSS field is the shards that hold its objects") {
  // Field 300 of run 4192, camcol 4: 0.2 deg about (351.08, 0.12) lies in few triangles.
  SkyCircle const field{{351.08 * radians_per_degree, 0.12 * radians_per_degree},
                        0.2 * radians_per_degree};
  auto const ids = htm_cover(field, 7);
  CHECK(ids.size() >= 1);
  CHECK(ids.size() <= 6);
}

TEST_CASE("htm: covers of everything and of nothing") {
  CHECK(htm_cover({{1, 0.3}, std::numbers::pi}, 3).size() == 8 * 64);
  CHECK(htm_cover({{1, 0.3}, 10.0}, 0).size() == 8);
  CHECK(htm_cover({{1, 0.3}, 0.0}, 7).size() >= 1);
  CHECK(htm_cover({{1, 0.3}, -1.0}, 7).empty());
  CHECK_THROWS_AS(htm_cover({{1, 0.3}, std::nan("")}, 7), DataError);
  CHECK_THROWS_AS(htm_cover({{std::nan(""), 0.3}, 1.0}, 7), DataError);
  CHECK_THROWS_AS(htm_cover({{1, 0.3}, 1.0}, max_htm_level), DataError);
}
