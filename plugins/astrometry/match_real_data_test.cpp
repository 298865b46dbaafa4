// The frames of run 4192 of the LSST stack's SDSS demo: its own sources and reference catalogue.
#include "match.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "almagest/fits.hpp"
#include "almagest/task_harness.hpp"

#include "test_field.hpp"

using namespace almagest;
using astrometry::test::disturbed;
namespace fs = std::filesystem;

namespace {

/// The demo's data; none when they are not there, which only a developer's machine may do.
std::optional<fs::path> demo_data() {
  char const* const set = std::getenv("ALMAGEST_TESTDATA");
  fs::path const root = set ? fs::path(set) : fs::path(ALMAGEST_SOURCE_DIR "/../shared/data");
  fs::path const demo = root / "sdss_demo";
  if (fs::exists(demo / "expected")) return demo;
  char const* const ci = std::getenv("CI");
  REQUIRE_MESSAGE((!ci || std::string(ci) != "true"), "no test data at " << demo.string());
  MESSAGE("skipped: no test data at " << demo.string() << " (set ALMAGEST_TESTDATA)");
  return std::nullopt;
}

/// The objects of all shards, as one band sees them.
class Shards final : public ReferenceSource {
 public:
  explicit Shards(fs::path const& folder) {
    std::vector<fs::path> files;
    for (auto const& entry : fs::directory_iterator(folder))
      if (std::isdigit(static_cast<unsigned char>(entry.path().filename().string()[0])))
        files.push_back(entry.path());
    for (fs::path const& file : files) tables_.push_back(fits::Reader(file).table(1));
  }
  ReferenceObjects load(ReferenceRequest const& request) const override {
    ReferenceObjects found;
    for (fits::Table const& table : tables_) {
      auto const& ids = std::get<std::vector<std::int64_t>>(table.column("id").values);
      auto const ra = table.numbers("coord_ra"), dec = table.numbers("coord_dec");
      auto const flux = table.numbers(request.band + "_flux");
      auto const error = table.numbers(request.band + "_fluxErr");
      for (std::size_t i = 0; i < ids.size(); ++i) {
        ReferenceObject object{ids[i], {ra[i], dec[i]}};
        object.flux = flux[i];
        object.flux_error = error[i];
        if (separation(object.position, request.region.centre) <= request.region.radius)
          found.objects.push_back(object);
      }
    }
    std::sort(found.objects.begin(), found.objects.end(),
              [](auto const& a, auto const& b) { return a.id < b.id; });
    return found;
  }
  std::vector<std::string> bands() const override { return {"u", "g", "r", "i", "z"}; }

 private:
  std::vector<fits::Table> tables_;
};

/// The stack's sources of one frame, and the WCS that its coordinates follow.
struct Frame {
  astrometry::test::Columns columns;
  SourceCatalog table;
  std::string filter;
  std::optional<Wcs> wcs;

  Frame(fs::path const& expected, std::string const& filter_) : filter(filter_) {
    std::ifstream file(expected);
    std::string line, word;
    std::getline(file, line);
    std::map<std::string, std::size_t> place;
    std::istringstream header(line.substr(1));
    while (header >> word) place.emplace(word, place.size());

    std::vector<std::vector<std::string>> rows;
    while (std::getline(file, line)) {
      std::istringstream words(line);
      std::vector<std::string> row;
      while (words >> word) row.push_back(word);
      // id = exposure id · 2^26 + number; exposure id = ((run·10 + filter)·10 + camcol)·10^4 +
      // field
      std::int64_t const exposure = std::stoll(row[place.at("id")]) >> 26;
      if ("ugriz"[exposure / 100000 % 10] == filter[0]) rows.push_back(std::move(row));
    }
    table = SourceCatalog(columns.schema, rows.size());
    std::vector<WcsControlPoint> points;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      auto const number = [&](std::string const& name) {
        return std::strtod(rows[i][place.at(name)].c_str(), nullptr);
      };
      auto const flag = [&](std::string const& name) { return rows[i][place.at(name)] == "True"; };
      table.set(i, columns.id, std::int64_t{std::stoll(rows[i][place.at("id")])});
      SkyPoint const sky{number("coord_ra") * radians_per_degree,
                         number("coord_dec") * radians_per_degree};
      Point const pixel{number("base_SdssCentroid_x"), number("base_SdssCentroid_y")};
      points.push_back({pixel, sky});
      table.set(i, columns.ra, sky.ra);
      table.set(i, columns.dec, sky.dec);
      table.set(i, columns.x, pixel.x);
      table.set(i, columns.y, pixel.y);
      table.set(i, columns.x_error, static_cast<float>(number("base_SdssCentroid_xErr")));
      table.set(i, columns.y_error, static_cast<float>(number("base_SdssCentroid_yErr")));
      table.set(i, columns.centroid_flag, flag("base_SdssCentroid_flag"));
      table.set(i, columns.flux, number("base_PsfFlux_instFlux"));
      table.set(i, columns.flux_error, number("base_PsfFlux_instFluxErr"));
      table.set(i, columns.edge, flag("base_PixelFlags_flag_edge"));
      table.set(i, columns.interpolated, flag("base_PixelFlags_flag_interpolatedCenter"));
      table.set(i, columns.saturated, flag("base_PixelFlags_flag_saturatedCenter"));
      table.set(i, columns.extendedness, number("base_ClassificationExtendedness_value"));
    }
    WcsFit const fitted = fit_wcs(points, astrometry::test::frame, 3);
    REQUIRE(fitted.maximum_arcsec < 2e-3);
    wcs = fitted.wcs;
  }

  Exposure exposure(Wcs const& given) const {
    Exposure image{MaskedImage(astrometry::test::frame)};
    image.wcs = given;
    image.visit_info.band = filter;
    return image;
  }
};

struct Harness : TaskHarness {
  Harness(Frame const& frame, Wcs const& wcs, ReferenceCatalog const& catalog,
          Values const& parameters = {})
      : TaskHarness(std::make_unique<astrometry::Match>(), with_scan(parameters)) {
    give("exposure", frame.exposure(wcs));
    give("sources", frame.table);
    give("ref_cat", catalog);
  }
  /// SDSS scans along the columns.
  static Values with_scan(Values parameters) {
    parameters.emplace_back("row_order", 2);
    return parameters;
  }
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs() const {
    std::vector<std::pair<std::int64_t, std::int64_t>> ids;
    for (Match const& m : result<Matches>("matches").pairs)
      ids.emplace_back(m.source_id, m.reference.id);
    return ids;
  }
};

struct Statistics {
  double offset;   // median
  double scatter;  // root mean square about the mean
};
Statistics statistics(std::vector<double> v) {
  double mean = 0.0, square = 0.0;
  for (double const x : v) mean += x / static_cast<double>(v.size());
  for (double const x : v) square += (x - mean) * (x - mean) / static_cast<double>(v.size());
  std::sort(v.begin(), v.end());
  return {v[v.size() / 2], std::sqrt(square)};
}

}  // namespace

TEST_CASE("match: SDSS frames shifted by 15 arcsec and turned by 1 deg give the same pairs") {
  auto const demo = demo_data();
  if (!demo) return;
  ReferenceCatalog const catalog(
      "sdss_demo_ref_cat", std::make_shared<Shards>(*demo / "input/ref_cats/sdss_demo_ref_cat"));
  // At least as many as there are stars of the catalogue on the frame that the stack has measured
  // (made by a program of its own: mutual nearest within 0.25″ of the stack's coordinates).
  std::map<std::string, std::size_t> const least{
      {"u", 35}, {"g", 85}, {"r", 85}, {"i", 85}, {"z", 80}};
  for (auto const& [filter, count] : least) {
    CAPTURE(filter);
    Frame const frame(*demo / "expected/detected-sources.txt", filter);
    Harness right(frame, *frame.wcs, catalog);
    right.run();
    MESSAGE(filter << ": " << right.log_lines().back());
    CHECK(right.pairs().size() >= count);
    for (auto const& [shift, turn] : {std::pair(12.0, 0.5), std::pair(12.0, -0.5),
                                      std::pair(15.0, 1.0), std::pair(15.0, -1.0)}) {
      for (double const towards : {0.0, 120.0, 240.0}) {
        Harness off(frame, disturbed(*frame.wcs, shift, towards, turn), catalog);
        off.run();
        CHECK(off.pairs() == right.pairs());
        Harness kept(frame, disturbed(*frame.wcs, shift, towards, turn), catalog,
                     {{"fit", "none"}});
        kept.run();
        CHECK(kept.pairs() == right.pairs());
      }
    }
  }
}

TEST_CASE("match: SDSS stars left out of the fit lie where the reference catalogue says") {
  auto const demo = demo_data();
  if (!demo) return;
  ReferenceCatalog const catalog(
      "sdss_demo_ref_cat", std::make_shared<Shards>(*demo / "input/ref_cats/sdss_demo_ref_cat"));
  for (std::string const filter : {"g", "r", "i", "z"}) {
    CAPTURE(filter);
    Frame const frame(*demo / "expected/detected-sources.txt", filter);
    std::vector<double> ra, dec;
    for (int fold = 0; fold < 10; ++fold) {
      Harness harness(frame, *frame.wcs, catalog, {{"reserve", 0.1}, {"reserve_from", 0.1 * fold}});
      harness.run();
      auto const& table = harness.result<SourceCatalog>("sources");
      auto const reserved = table.schema().key<bool>("calib_astrometry_reserved");
      std::map<std::int64_t, std::size_t> rows;
      for (std::size_t row = 0; row < table.size(); ++row)
        rows[table.get(row, frame.columns.id)] = row;
      for (Match const& m : harness.result<Matches>("matches").pairs) {
        std::size_t const row = rows.at(m.source_id);
        if (!table.get(row, reserved)) continue;
        SkyPoint const sky{table.get(row, frame.columns.ra), table.get(row, frame.columns.dec)};
        ra.push_back((sky.ra - m.reference.position.ra) * std::cos(sky.dec) / radians_per_arcsec *
                     1000.0);
        dec.push_back((sky.dec - m.reference.position.dec) / radians_per_arcsec * 1000.0);
      }
    }
    Statistics const in_ra = statistics(ra), in_dec = statistics(dec);
    MESSAGE(filter << ": " << ra.size() << " stars held out; RA " << in_ra.offset << " ± "
                   << in_ra.scatter << ", Dec " << in_dec.offset << " ± " << in_dec.scatter
                   << " mas");
    CHECK(ra.size() > 50);
    CHECK(std::abs(in_ra.offset) < 10.0);
    CHECK(std::abs(in_dec.offset) < 10.0);
    CHECK(in_ra.scatter < 30.0);
    CHECK(in_dec.scatter < 30.0);
  }
}
