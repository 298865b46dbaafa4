// Expected values of real catalogues: numpy and astropy 5.2 on the same files; moved positions:
// pyerfa's pmpx with epv00, which goes by angles and light travel times.
#include "repository/sharded_catalog.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <latch>
#include <thread>

#include "almagest/fits.hpp"
#include "almagest/htm.hpp"
#include "shard_writer.hpp"
#include "toy_repository.hpp"

using namespace almagest;
using toy::Shard;
using toy::fs::path;

namespace {

constexpr double degree = radians_per_degree;
constexpr std::size_t mega = std::size_t{1} << 20;

std::optional<path> test_data() {
  char const* const data = std::getenv("ALMAGEST_TESTDATA");
  path const root = data ? path(data) : path(ALMAGEST_SOURCE_DIR) / "../shared/data";
  if (toy::fs::exists(root)) return root;
  char const* const ci = std::getenv("CI");
  REQUIRE_MESSAGE((!ci || std::string(ci) != "true"), "no test data at " << root);
  MESSAGE("skipped: no test data at " << root);
  return std::nullopt;
}

ShardedCatalog open(path const& directory, std::size_t cache_bytes = 64 * mega) {
  return ShardedCatalog(directory, std::make_shared<ShardCache>(cache_bytes));
}

ReferenceObject const& object(ReferenceObjects const& loaded, std::int64_t id) {
  auto const found = std::ranges::find(loaded.objects, id, &ReferenceObject::id);
  REQUIRE(found != loaded.objects.end());
  return *found;
}

double sum_of_fluxes(ReferenceObjects const& loaded) {
  double sum = 0.0;
  for (ReferenceObject const& object : loaded.objects)
    if (!std::isnan(object.flux)) sum += object.flux;
  return sum;
}

/// Loads what a directory with one shard about (0.1, 0.1) has.
ReferenceObjects load_one(Shard const& shard, std::string const& band = "r",
                          double epoch = 56000.0) {
  toy::Directory const directory;
  shard.write(directory.path() / (std::to_string(htm_id({0.1, 0.1}, 7)) + ".fits"));
  return open(directory.path()).load({{{0.1, 0.1}, 0.1 * degree}, band, epoch}, {});
}

}  // namespace

TEST_CASE("reference catalogue: Gaia objects are moved to the epoch asked for") {
  auto const data = test_data();
  if (!data) return;
  auto const gaia = open(*data / "refcat/gaia_dr2_20200414");
  CHECK(gaia.level() == 7);
  CHECK(gaia.bands() == std::vector<std::string>{"phot_bp_mean", "phot_g_mean", "phot_rp_mean"});

  SkyCircle const region{{5.6037, -0.0039}, 0.1 * degree};
  auto const loaded = gaia.load({region, "phot_bp_mean", std::nan("")}, {});
  CHECK(loaded.objects.size() == 334);
  CHECK(loaded.note.empty());
  CHECK(loaded.objects.front().id == 2687826989519223296);
  CHECK(std::ranges::is_sorted(loaded.objects, {}, &ReferenceObject::id));
  // Gaia writes a flux of 0 where it has none.
  CHECK(std::ranges::count_if(loaded.objects, [](auto const& o) { return std::isnan(o.flux); }) ==
        19);

  constexpr std::int64_t near = 2686322037274759168;  // 103 mas/yr, parallax 16 mas
  SkyCircle const about{{5.6042, -0.0071}, 0.1 * degree};
  constexpr double tenth_mas = radians_per_arcsec / 1e4;
  auto const old = gaia.load({about, "phot_g_mean", 53000.25}, {});
  CHECK(old.note.empty());
  CHECK(separation(object(old, near).position, {5.604219982439021, -0.007149344262684}) <
        tenth_mas);
  CHECK(object(old, near).position_error == doctest::Approx(4.6004497433730914e-09));
  CHECK(object(old, near).flux == doctest::Approx(8752137.641060403));
  CHECK(object(old, near).flux_error == doctest::Approx(3823.004340151355));
  auto const later = gaia.load({about, "phot_g_mean", 57700.0}, {});
  CHECK(separation(object(later, near).position, {5.604226367991792, -0.007148541049562}) <
        tenth_mas);
  // Without fluxes, where no band is asked for.
  CHECK(std::isnan(gaia.load({about, "", 57700.0}, {}).objects.front().flux));
}

TEST_CASE("reference catalogue: PS1's motions have no unit, and stay unused with a note") {
  auto const data = test_data();
  if (!data) return;
  auto const ps1 = open(*data / "refcat/ps1_pv3_3pi_20170110");
  SkyCircle const region{{5.6037, -0.0039}, 0.1 * degree};
  auto const loaded = ps1.load({region, "r", 57000.0}, {});
  CHECK(loaded.note ==
        "positions are as catalogued: 'pm_ra' has no "
        "unit, 'pm_dec' has no unit, 'epoch' 1361152384 is no MJD");
  CHECK(loaded.objects.size() == 1993);
  CHECK(loaded.objects.front().id == 107613210529837829);
  CHECK(sum_of_fluxes(loaded) == doctest::Approx(477359636.07370734).epsilon(1e-12));
}

TEST_CASE("reference catalogue: the SDSS demo's shards of a field") {
  auto const data = test_data();
  if (!data) return;
  path const directory = *data / "sdss_demo/input/ref_cats/sdss_demo_ref_cat";
  auto const sdss = open(directory);
  SkyCircle const region{{351.08 * degree, 0.12 * degree}, 0.25 * degree};
  std::map<std::int64_t, std::string> asked;
  auto const loaded = sdss.load(
      {region, "r", 52900.0}, [&](std::int64_t id, std::string const& file) { asked[id] = file; });
  CHECK(loaded.objects.size() == 561);
  CHECK(sum_of_fluxes(loaded) == doctest::Approx(344925223.5333772).epsilon(1e-12));
  CHECK(loaded.note ==
        "positions are as catalogued: it has no proper "
        "motions");
  for (std::int64_t const id : {188491, 196742, 196743, 188488, 196740})
    CHECK(asked.at(id) == std::to_string(id) + ".fits");
  CHECK(asked.size() <= 8);
  CHECK(sdss.bands() == std::vector<std::string>{"g", "i", "r", "u", "z"});

  CHECK(toy::contains(toy::message<DataError>([&] {
                        sdss.load({region, "y", 52900.0}, {});
                      }),
                      ".fits: the reference catalogue has no band 'y' (it has g, i, r, u, z)"));
  std::string const elsewhere = toy::message<NotFoundError>([&] {
    sdss.load({{{10 * degree, 45 * degree}, 0.2 * degree}, "r", 52900.0}, {});
  });
  CAPTURE(elsewhere);
  CHECK(toy::contains(elsewhere, "no shard of the reference catalogue " + directory.string() +
                                     " covers the region of 0.2 deg about RA 10.0000, Dec 45.0000 "
                                     "deg: there is no "));
  CHECK(toy::contains(elsewhere, "; of its 54 shards "));
}

TEST_CASE("reference catalogue: fluxes are nJy, and those of version 0 are converted from Jy") {
  Shard shard({{1, {0.1, 0.1}}, {2, {0.1001, 0.1}}});
  shard.column("r_flux", "nJy", {3631.0, -1.0});
  shard.column("r_fluxErr", "nJy", {0.0, 2.0});
  CHECK(load_one(shard).objects[0].flux == 3631.0);
  CHECK(std::isnan(load_one(shard).objects[0].flux_error));  // an error of 0 is none
  CHECK(std::isnan(load_one(shard).objects[1].flux));
  CHECK(std::isnan(load_one(shard).objects[1].flux_error));

  shard.version.reset();
  CHECK(
      toy::contains(toy::message<DataError>([&] { load_one(shard); }),
                    "column 'r_flux' is in 'nJy', but with REFCAT_FORMAT_VERSION 0 or none fluxes "
                    "are in Jy"));
  for (char const* unit : {"Jy", ""}) {
    shard.column("r_flux", unit, {3.631e-6, 0.0});
    shard.column("r_fluxErr", unit, {1e-9, 0.0});
    auto const loaded = load_one(shard);
    CHECK(loaded.objects[0].flux == doctest::Approx(3631.0));
    CHECK(loaded.objects[0].flux_error == doctest::Approx(1.0));
    CHECK(toy::contains(loaded.note, "fluxes are taken for Jy"));
  }
  shard.version = 1;
  shard.column("r_flux", "Jy", {1.0, 1.0});
  CHECK_THROWS_AS(load_one(shard), DataError);
  CHECK(load_one(shard, "").objects.size() == 2);  // nobody has asked for them
}

TEST_CASE("reference catalogue: what a table lacks, or marks as bad, is not used") {
  constexpr double mas = radians_per_arcsec / 1e3;
  Shard shard({{1, {0.1, 0.1}}, {2, {0.1001, 0.1}}, {3, {std::nan(""), 0.1}}, {4, {0.1002, 0.1}}});
  shard.column("epoch", "day", {56000.0 - 3652.5, 56000.0 - 3652.5, 56000.0, std::nan("")});
  shard.column("pm_ra", "rad/yr", {0.0, 50 * mas, 0.0, 50 * mas});
  shard.column("pm_dec", "rad/yr", {100 * mas, std::nan(""), 0.0, 50 * mas});
  shard.column("r_flux", "nJy", {1, 2, 3, 4});
  auto loaded = load_one(shard);
  CHECK(loaded.note.empty());
  REQUIRE(loaded.objects.size() == 3);  // the one without a position is none
  CHECK(loaded.objects[0].position.dec - 0.1 == doctest::Approx(1000 * mas));
  CHECK((loaded.objects[1].position.ra - 0.1001) * std::cos(0.1) == doctest::Approx(500 * mas));
  CHECK(loaded.objects[2].position == SkyPoint{0.1002, 0.1});
  CHECK(loaded.objects[2].flux == 4);
  CHECK(std::isnan(loaded.objects[0].position_error));

  shard.flag("pm_flag", {true, false, false, false});
  CHECK(load_one(shard).objects[0].position == SkyPoint{0.1, 0.1});
  shard.column("pm_dec", "mas/yr", {100, 0, 0, 0});
  CHECK(toy::contains(load_one(shard).note, "as catalogued: 'pm_dec' is in 'mas/yr', not rad/yr"));
  shard.drop("epoch");
  CHECK(toy::contains(load_one(shard).note, "there is no 'epoch'"));

  shard.drop("coord_dec");
  CHECK(toy::contains(toy::message<DataError>([&] { load_one(shard); }),
                      "has no column 'coord_dec'"));
  shard.column("coord_dec", "deg", {0.1, 0.1, 0.1, 0.1});
  CHECK(toy::contains(toy::message<DataError>([&] { load_one(shard); }), "is in 'deg', not rad"));
}

TEST_CASE("reference catalogue: the region holds what is there at the epoch asked for") {
  constexpr double arcsec = radians_per_arcsec;
  Shard shard({{1, {0.1, 0.1 + 10 * arcsec}}, {2, {0.1, 0.1 + 2 * arcsec}}});
  shard.column("epoch", "day", {56000.0 - 365.25, 56000.0 - 365.25});
  shard.column("pm_ra", "rad", {0, 0});
  shard.column("pm_dec", "rad", {-8 * arcsec, 8 * arcsec});
  toy::Directory const directory;
  shard.write(directory.path() / (std::to_string(htm_id({0.1, 0.1}, 7)) + ".fits"));
  auto const catalog = open(directory.path());
  SkyCircle const region{{0.1, 0.1}, 5 * arcsec};
  auto const moved = catalog.load({region, "", 56000.0}, {}).objects;
  REQUIRE(moved.size() == 1);
  CHECK(moved[0].id == 1);
  auto const catalogued = catalog.load({region, "", std::nan("")}, {}).objects;
  REQUIRE(catalogued.size() == 1);
  CHECK(catalogued[0].id == 2);
}

TEST_CASE("reference catalogue: a directory's names tell shards and level") {
  toy::Directory const directory;
  Shard const empty({});
  CHECK_FALSE(holds_shards(directory.path()));
  CHECK_FALSE(holds_shards(directory.path() / "x"));
  CHECK(toy::contains(toy::message<DataError>([&] { open(directory.path()); }), "no shards"));
  CHECK(toy::contains(toy::message<DataError>([&] { open(directory.path() / "x"); }),
                      "No such file or directory"));
  for (char const* name :
       {"master_schema.fits", "config.py", "12.txt", "0.fits", "-9.fits", "189584.fits.gz",
        "17.5.fits", "18446744073709551617.fits", "1234567.fits"})
    toy::write_file(directory.path() / name, "");
  CHECK_FALSE(holds_shards(directory.path()));
  empty.write(directory.path() / "a_b_189584_refcats.fits");
  CHECK(open(directory.path()).level() == 7);
  // A missing shard is called as its neighbours are.
  std::vector<std::string> asked;
  toy::message<NotFoundError>([&] {
    open(directory.path())
        .load({{{1, 1}, 0.0}, "", 0.0},
              [&](std::int64_t, std::string const& file) { asked.push_back(file); });
  });
  REQUIRE(asked.size() >= 1);
  CHECK(asked[0].starts_with("a_b_"));
  CHECK(asked[0].ends_with("_refcats.fits"));
  toy::write_file(directory.path() / "189584.fits", "");
  CHECK(toy::contains(toy::message<DataError>([&] { open(directory.path()); }),
                      "'189584.fits' and 'a_b_189584_refcats.fits' are the same shard"));
  toy::fs::rename(directory.path() / "189584.fits", directory.path() / "9.fits");
  CHECK(toy::contains(toy::message<DataError>([&] { open(directory.path()); }),
                      "shards '9.fits' and 'a_b_189584_refcats.fits' are of HTM levels 0 and 7"));
  for (SkyCircle const bad : {SkyCircle{{0, 0}, -1}, SkyCircle{{std::nan(""), 0}, 1}}) {
    toy::fs::remove(directory.path() / "9.fits");
    CHECK_THROWS_AS(open(directory.path()).load({bad, "", 0.0}, {}), DataError);
  }
}

TEST_CASE("reference catalogue: broken and vanished shards are named") {
  toy::Directory const directory;
  path const file = directory.path() / (std::to_string(htm_id({0.1, 0.1}, 7)) + ".fits");
  toy::write_file(file, "no FITS file");
  auto const catalog = open(directory.path());
  ReferenceRequest const request{{{0.1, 0.1}, 0.01 * degree}, "", 56000.0};
  CHECK(toy::contains(toy::message<DataError>([&] { catalog.load(request, {}); }), file.string()));
  std::vector<Shard::Object> objects{{1, {0.1, 0.1}}};
  Shard(objects).write(file);
  CHECK(catalog.load(request, {}).objects.size() == 1);
  objects.push_back({2, {0.1, 0.1}});
  Shard(objects).write(file);  // is read again
  CHECK(catalog.load(request, {}).objects.size() == 2);
  toy::fs::remove(file);
  CHECK(toy::contains(toy::message<DataError>([&] { catalog.load(request, {}); }), file.string()));
}

TEST_CASE("reference catalogue: what cannot be read takes no memory, and is not read again") {
  toy::Directory const directory;
  path const file = directory.path() / "9.fits";
  Shard const shard({{1, {0.1, 0.1}}, {2, {0.1, 0.1}}});
  shard.write(file);
  ShardCache cache(mega);
  auto const before = cache.get(file);
  CHECK(cache.bytes() == before->bytes());
  std::string const good = toy::read_file(file);
  std::string bad = good;
  bad.back() = 'x';  // the checksum tells
  auto const later = toy::fs::last_write_time(file) + std::chrono::seconds(1);
  auto const write = [&](std::string const& bytes, auto time) {
    toy::write_file(file, bytes);
    toy::fs::last_write_time(file, time);
  };
  write(bad, later);
  auto const complaint = toy::message<DataError>([&] { cache.get(file); });
  CHECK(toy::contains(complaint, file.string()));
  CHECK(cache.bytes() == 0);
  CHECK(before->objects.size() == 2);  // whoever works with it keeps it
  write(good, later);                  // looks the same: another reading would succeed
  CHECK(toy::message<DataError>([&] { cache.get(file); }) == complaint);
  write(good, later + std::chrono::seconds(1));
  CHECK(cache.get(file)->objects.size() == 2);
  CHECK(cache.bytes() == before->bytes());
  toy::fs::remove(file);
  CHECK_THROWS_AS(cache.get(file), NotFoundError);
  CHECK(cache.bytes() == 0);
}

TEST_CASE("reference catalogue: a file that many want at once is read once") {
  toy::Directory const directory;
  path const file = directory.path() / "9.fits";
  std::vector<Shard::Object> objects;
  for (int i = 0; i < 20'000; ++i) objects.push_back({i, {0.1, 0.1}});
  Shard(objects).write(file);
  ShardCache cache(16 * mega);
  constexpr int count = 8;
  std::vector<std::shared_ptr<ReferenceShard const>> got(count);
  std::latch together(count);
  std::vector<std::thread> threads;
  for (auto& shard : got)
    threads.emplace_back([&] {
      together.arrive_and_wait();
      shard = cache.get(file);
    });
  for (std::thread& thread : threads) thread.join();
  // Each is kept, so that a second reading would have another address.
  for (auto const& shard : got) CHECK(shard == got[0]);
}

TEST_CASE("reference catalogue: many threads, within the memory that is allowed") {
  toy::Directory const directory;
  std::vector<SkyPoint> places;
  std::vector<Shard::Object> objects;
  for (int i = 0; i < 100; ++i) objects.push_back({i, {0.0, 0.0}});
  for (int i = 0; i < 20; ++i) {
    SkyPoint const place{0.3 * i, 0.05 * i - 0.5};
    for (Shard::Object& object : objects) object.position = place;
    Shard(objects).write(directory.path() / (std::to_string(htm_id(place, 7)) + ".fits"));
    places.push_back(place);
  }
  std::size_t const shard_bytes = 100 * sizeof(CataloguedObject);
  auto const cache = std::make_shared<ShardCache>(5 * shard_bytes);
  ShardedCatalog const catalog(directory.path(), cache);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 60; ++i) {
        SkyPoint const& place = places[static_cast<std::size_t>((7 * i + t) % 20)];
        wrong += catalog.load({{place, 1e-6}, "", 56000.0}, {}).objects.size() != 100;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(cache->bytes() <= 5 * shard_bytes);
  CHECK(cache->bytes() > 0);
}
