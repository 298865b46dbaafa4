#include "reference_shards.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <map>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "almagest/htm.hpp"
#include "synthetic_sky.hpp"

namespace {

using namespace almagest;
using namespace simulate;
namespace fs = std::filesystem;

constexpr double mas = radians_per_arcsec / 1000;

/// A directory that goes away with its test.
class TemporaryDirectory {
 public:
  TemporaryDirectory()
      : path_(fs::temp_directory_path() / ("reference_shards_" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
  }
  ~TemporaryDirectory() { fs::remove_all(path_); }
  fs::path operator/(char const* name) const { return path_ / name; }

 private:
  fs::path path_;
};

/// Stars over two degrees, their r magnitudes 15 to 24; every fifth object is a galaxy.
struct Sky {
  Sky() {
    for (int i = 0; i < 2000; ++i) {
      SkyObject object;
      object.type = i % 5 == 4 ? SkyObject::Type::galaxy : SkyObject::Type::star;
      object.magnitude.fill(15.0 + 9.0 * (i % 100) / 100);
      objects.push_back(object);
      places.push_back({3.0 + 2.0 * radians_per_degree * (i % 40) / 40,
                        0.2 + 2.0 * radians_per_degree * (i / 40) / 50});
    }
  }
  std::vector<SkyObject> objects;
  std::vector<SkyPoint> places;
};

std::map<std::string, std::string> contents(fs::path const& directory) {
  std::map<std::string, std::string> files;
  for (auto const& entry : fs::directory_iterator(directory)) {
    std::ifstream in(entry.path(), std::ios::binary);
    files[entry.path().filename().string()] = {std::istreambuf_iterator<char>(in), {}};
  }
  return files;
}

}  // namespace

TEST_CASE("reference shards: bright stars, each in its triangle's file, with their errors") {
  TemporaryDirectory const directory;
  Sky const sky;
  ReferenceSettings settings;
  settings.observed_mjd = 52000.25;
  write_reference_shards(directory / "a", sky.objects, sky.places, settings, 1);
  double const years = (settings.epoch_mjd - settings.observed_mjd) / 365.25;

  std::size_t count = 0;
  double offsets = 0.0, motions = 0.0, flux_errors = 0.0;
  for (auto const& entry : fs::directory_iterator(directory / "a")) {
    fits::Table const table = fits::Reader(entry.path()).table(1);
    CHECK(table.header.integer("REFCAT_FORMAT_VERSION") == 1);
    auto const id = table.numbers("id"), ra = table.numbers("coord_ra"),
               dec = table.numbers("coord_dec"), pm_ra = table.numbers("pm_ra"),
               pm_dec = table.numbers("pm_dec"), flux = table.numbers("g_flux"),
               flux_error = table.numbers("g_fluxErr");
    for (std::size_t i = 0; i < id.size(); ++i) {
      CHECK(std::to_string(htm_id({ra[i], dec[i]}, 7)) == entry.path().stem());
      auto const number = static_cast<std::size_t>(id[i]) - 1;
      SkyObject const& star = sky.objects.at(number);
      CHECK(star.type == SkyObject::Type::star);
      CHECK(star.magnitude[0] <= 21.0);
      // Moved back to when it was observed, it is at its true place but for the error.
      SkyPoint const& place = sky.places[number];
      double const east = (ra[i] - place.ra) * std::cos(place.dec) - years * pm_ra[i];
      double const north = dec[i] - place.dec - years * pm_dec[i];
      offsets += (east * east + north * north) / 2;
      motions += (pm_ra[i] * pm_ra[i] + pm_dec[i] * pm_dec[i]) / 2;
      double const expected = 3631e9 * std::pow(10.0, -0.4 * star.magnitude[0]);  // AB
      flux_errors += std::pow((flux[i] - expected) / flux_error[i], 2);
      ++count;
    }
  }
  CHECK(count ==
        1080);  // of each hundred objects the first 67 are bright, and 13 of these galaxies
  CHECK(std::sqrt(offsets / static_cast<double>(count)) == doctest::Approx(5 * mas).epsilon(0.05));
  CHECK(std::sqrt(motions / static_cast<double>(count)) == doctest::Approx(5 * mas).epsilon(0.05));
  CHECK(flux_errors / static_cast<double>(count) == doctest::Approx(1).epsilon(0.1));
}

TEST_CASE("reference shards: the seed fixes every byte, and depth changes no star") {
  TemporaryDirectory const directory;
  Sky const sky;
  ReferenceSettings settings;
  write_reference_shards(directory / "a", sky.objects, sky.places, settings, 1);
  write_reference_shards(directory / "b", sky.objects, sky.places, settings, 1);
  write_reference_shards(directory / "c", sky.objects, sky.places, settings, 2);
  CHECK(contents(directory / "a") == contents(directory / "b"));
  CHECK(contents(directory / "a") != contents(directory / "c"));

  settings.depth = 18.0;
  write_reference_shards(directory / "shallow", sky.objects, sky.places, settings, 1);
  for (auto const& entry : fs::directory_iterator(directory / "shallow")) {
    fits::Table const some = fits::Reader(entry.path()).table(1);
    fits::Table const all = fits::Reader(directory / "a" / entry.path().filename()).table(1);
    auto const ids = all.numbers("id"), ra = all.numbers("coord_ra");
    std::map<double, double> ra_of;
    for (std::size_t i = 0; i < ids.size(); ++i) ra_of[ids[i]] = ra[i];
    auto const some_ids = some.numbers("id"), some_ra = some.numbers("coord_ra");
    for (std::size_t i = 0; i < some_ids.size(); ++i) CHECK(ra_of.at(some_ids[i]) == some_ra[i]);
  }
}

TEST_CASE("reference shards: without bright stars there are none") {
  TemporaryDirectory const directory;
  Sky const sky;
  ReferenceSettings settings;
  settings.depth = 10.0;
  write_reference_shards(directory / "none", sky.objects, sky.places, settings, 1);
  CHECK(contents(directory / "none").empty());
}

TEST_CASE("reference shards: they can be the sky of a simulated camera") {
  TemporaryDirectory const directory;
  Sky const sky;
  ReferenceSettings settings;
  settings.position_error = settings.flux_error = settings.proper_motion = 0.0;
  settings.depth = 30.0;
  write_reference_shards(directory / "shards", sky.objects, sky.places, settings, 1);
  SkyCircle const region{{3.015, 0.215}, 0.012};
  auto const sources = sky_of_shards(directory / "shards", "", {region}, 1);
  std::size_t expected = 0;
  for (std::size_t i = 0; i < sky.places.size(); ++i)
    expected += sky.objects[i].type == SkyObject::Type::star &&
                separation(sky.places[i], region.centre) < region.radius;
  CHECK(sources.size() == expected);
  REQUIRE(expected > 100);
  std::size_t galaxies = 0, faint = 0;
  for (SkySource const& source : sources) {
    auto const i = static_cast<std::size_t>(source.id) - 1;
    CHECK(separation(source.position, sky.places[i]) < 1e-12);
    CHECK(source.magnitude[band_index('r')] == doctest::Approx(sky.objects[i].magnitude[2]));
    // The shards have no y: it is that of z.
    CHECK(source.magnitude[band_index('y')] == source.magnitude[band_index('z')]);
    bool const is_faint = sky.objects[i].magnitude[2] > 20.0001;
    CHECK((is_faint || !source.galaxy));
    faint += is_faint;
    galaxies += source.galaxy;
  }
  CHECK(static_cast<double>(galaxies) / static_cast<double>(faint) ==
        doctest::Approx(0.6).epsilon(0.2));
  CHECK_THROWS_AS(sky_of_shards(directory / "shards", "", {{{0.5, -1.0}, 0.01}}, 1), DataError);
}
