#include "repository/ingest_refcat.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "almagest/htm.hpp"
#include "foo_camera.hpp"
#include "repository/sharded_catalog.hpp"
#include "shard_writer.hpp"

using namespace almagest;
namespace fs = std::filesystem;

namespace {

constexpr double degree = std::numbers::pi / 180.0;

struct World : foo::World {
  World() { ingest({}); }
  RefcatSummary make(RefcatRequest request) {
    request.repository = root;
    return ingest_reference_catalog(request, log);
  }
  ReferenceObjects load(std::string const& name, ReferenceRequest const& request) const {
    ShardedCatalog const catalog(root / "ref_cats" / name,
                                 std::make_shared<ShardCache>(std::size_t{1} << 20));
    return catalog.load(request, {});
  }
};

}  // namespace

TEST_CASE("refcat: magnitudes and motions of a CSV become what our loader reads") {
  World world;
  // 31.4 mag is 1 nJy by definition; a star that moves by 1 arcsec in ten years.
  toy::write_file(world.file("stars.csv"),
                  "# a survey\nsource_id,ra,dec,g_mag,g_magErr,pmra,pmdec,ref_epoch\n"
                  "9007199254740993,10.0,20.0,31.4,0.1,100,0,2016.0\n"
                  "7,10.5,20.5,28.9,,0,0,2016.0\n"
                  "8,,20.5,28.9,,0,0,2016.0\n");
  RefcatSummary const summary = world.make({.repository = {},
                                            .name = "survey",
                                            .files = {world.file("stars.csv")},
                                            .map = {{"epoch", "ref_epoch:yr"}},
                                            .epoch_mjd = {}});
  CHECK(summary.rows == 2);
  CHECK(summary.without_position == 1);
  std::int64_t const triangle = htm_id({10 * degree, 20 * degree}, 7);
  CHECK(fs::exists(world.root / "ref_cats/survey" / (std::to_string(triangle) + ".fits")));

  ReferenceRequest request{{{10.25 * degree, 20.25 * degree}, 1 * degree}, "g"};
  ReferenceObjects const now = world.load("survey", request);
  REQUIRE(now.objects.size() == 2);
  CHECK(now.objects[0].id == 7);
  CHECK(now.objects[0].flux == doctest::Approx(10.0));
  CHECK(std::isnan(now.objects[0].flux_error));
  CHECK(now.objects[1].id == 9007199254740993);  // more than a double holds
  CHECK(now.objects[1].flux == doctest::Approx(1.0));
  CHECK(now.objects[1].flux_error == doctest::Approx(0.1 * std::numbers::ln10 / 2.5));
  request.epoch_mjd_tai = 57388.5 + 3652.5;  // ten Julian years after J2016.0
  ReferenceObjects const later = world.load("survey", request);
  CHECK(later.note.empty());
  double const moved = (later.objects[1].position.ra - 10 * degree) * std::cos(20 * degree);
  CHECK(moved / degree * 3600 == doctest::Approx(1.0).epsilon(1e-4));

  CHECK(world.open()->datasets().contains("survey"));
}

TEST_CASE("refcat: shards are those of one pass, however little memory there is") {
  World world;
  fs::create_directories(world.file(""));
  toy::Shard table(std::vector<toy::Shard::Object>(3000, {0, {0, 0}}));
  std::vector<double> ra, dec, flux;
  for (int i = 0; i < 3000; ++i) {
    ra.push_back(std::fmod(i * 137.508, 360.0));  // the golden angle: all over the sky
    dec.push_back(std::asin(i / 1500.0 - 1) / degree);
    flux.push_back(i + 1.0);
  }
  table.drop("coord_ra");
  table.drop("coord_dec");
  table.drop("id");
  table.column("ra", "deg", ra);
  table.column("dec", "deg", dec);
  table.column("r_flux", "mJy", flux);
  table.write(world.file("all.fits"));
  for (std::size_t const bytes : {std::size_t{1} << 10, std::size_t{1} << 24}) {
    RefcatSummary const summary = world.make({.repository = {},
                                              .name = "sky" + std::to_string(bytes),
                                              .files = {world.file("all.fits")},
                                              .map = {},
                                              .epoch_mjd = {},
                                              .level = 3,
                                              .most_bytes = bytes});
    CHECK(summary.rows == 3000);
  }
  CHECK(toy::snapshot(world.root / "ref_cats/sky1024") ==
        toy::snapshot(world.root / "ref_cats/sky16777216"));
  ReferenceObjects const all = world.load("sky1024", {{{1.0, 0.5}, std::numbers::pi}, "r"});
  REQUIRE(all.objects.size() == 3000);
  for (int i = 0; i < 3000; ++i) {  // numbered in their order
    CHECK(all.objects[static_cast<std::size_t>(i)].id == i + 1);
    CHECK(all.objects[static_cast<std::size_t>(i)].flux == doctest::Approx((i + 1.0) * 1e6));
  }
}

TEST_CASE("refcat: nothing is left of what cannot be made") {
  World world;
  auto const complaint = [&](std::string const& text, RefcatRequest request = {}) {
    toy::write_file(world.file("x.csv"), text);
    request.name = request.name.empty() ? "bad" : request.name;
    request.files = {world.file("x.csv")};
    std::string const message = toy::message([&] { world.make(request); });
    CHECK_FALSE(fs::exists(world.root / "ref_cats/bad"));
    return message;
  };
  CHECK(toy::contains(complaint("alpha,dec\n1,2\n"), "say it with --map ra=COLUMN"));
  CHECK(toy::contains(complaint("ra,dec\n1,2\n3,4,5\n"), "x.csv:3: 3 values, but 2 columns"));
  CHECK(toy::contains(complaint("ra,dec\n1,x\n"), "'x' in column 'dec' is no number"));
  CHECK(toy::contains(complaint("ra,dec\n1,91\n"), "row 1: a declination of 91"));
  CHECK(toy::contains(complaint("ra,dec,epoch\n1,2,2016.5\n"), "--map epoch=COLUMN:yr"));
  CHECK(toy::contains(complaint("ra,dec\n"), "no row with a position"));
  CHECK(toy::contains(complaint(""), "no line with the columns' names"));
  RefcatRequest mapped;
  mapped.map = {{"raa", "ra"}};
  CHECK(toy::contains(complaint("ra,dec\n1,2\n", mapped), "'raa' is not known"));
  mapped.map = {{"ra", "rra:deg"}};
  CHECK(toy::contains(complaint("ra,dec\n1,2\n", mapped), "did you mean 'ra'?"));
  mapped.map = {{"ra", "ra:furlong"}};
  CHECK(toy::contains(complaint("ra,dec\n1,2\n", mapped), "in 'furlong', which is not known"));
  RefcatRequest named;
  named.name = "../bad";
  CHECK(toy::contains(complaint("ra,dec\n1,2\n", named), "may not stand in a path"));
  CHECK(fs::is_empty(world.root / "ref_cats"));
  toy::write_file(world.file("x.csv"), "ra,dec\n1,2\n");
  RefcatRequest request{
      .repository = {}, .name = "a", .files = {world.file("x.csv")}, .map = {}, .epoch_mjd = {}};
  CHECK(world.make(request).rows == 1);
  CHECK_THROWS_AS(world.make(request), ConfigError);  // is there already
}
