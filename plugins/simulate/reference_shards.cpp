#include "reference_shards.hpp"

#include <cmath>
#include <map>
#include <numbers>
#include <string>
#include <utility>

#include "almagest/fits.hpp"
#include "almagest/htm.hpp"
#include "random.hpp"

namespace simulate {

using namespace almagest;

namespace {

constexpr int level = 7;
constexpr double radians_per_mas = radians_per_arcsec / 1000.0;
constexpr double days_per_year = 365.25;
constexpr double magnitude_of_one_njy = 31.4;  // AB

/// A star as the catalogue has it.
struct CatalogStar {
  std::int64_t id = 0;
  SkyPoint position;
  double pm_ra = 0.0;  ///< [rad/yr], along the parallel
  double pm_dec = 0.0;
  std::vector<double> flux;  ///< [nJy], by band
};

/// The direction that is so much further east and north.
SkyPoint displaced(SkyPoint const& from, double east, double north) {
  // Fields of a survey are far from the poles, and these are arcseconds.
  return {from.ra + east / std::cos(from.dec), from.dec + north};
}

CatalogStar catalogued(ReferenceStar const& star, ReferenceSettings const& settings,
                       Random& random) {
  CatalogStar result;
  result.id = star.id;
  double const years = (settings.epoch_mjd - settings.observed_mjd) / days_per_year;
  double const error = settings.position_error * radians_per_mas;
  result.pm_ra = settings.proper_motion * radians_per_mas * random.normal();
  result.pm_dec = settings.proper_motion * radians_per_mas * random.normal();
  double const east = years * result.pm_ra + error * random.normal();
  double const north = years * result.pm_dec + error * random.normal();
  result.position = displaced(star.position, east, north);
  for (double const true_magnitude : star.magnitude) {
    double const magnitude = true_magnitude + settings.flux_error * random.normal();
    result.flux.push_back(std::pow(10.0, 0.4 * (magnitude_of_one_njy - magnitude)));
  }
  return result;
}

template <class F>
fits::TableColumn column(std::string name, std::string unit, std::string doc,
                         std::vector<CatalogStar> const& stars, F const& value_of) {
  fits::TableColumn result;
  result.name = std::move(name);
  result.unit = std::move(unit);
  result.doc = std::move(doc);
  using Value = decltype(value_of(stars.front()));
  std::vector<Value> values;
  for (CatalogStar const& star : stars) values.push_back(value_of(star));
  result.values = std::move(values);
  return result;
}

fits::Table shard_table(std::vector<CatalogStar> const& stars,
                        std::vector<std::string> const& bands, ReferenceSettings const& settings) {
  using Star = CatalogStar;
  auto const error = [&](Star const&) { return settings.position_error * radians_per_mas; };
  double const relative_flux_error = 0.4 * std::numbers::ln10 * settings.flux_error;
  fits::Table table;
  table.rows = static_cast<std::int64_t>(stars.size());
  table.columns = {
      column("id", "", "number in the truth table", stars, [](Star const& s) { return s.id; }),
      column("coord_ra", "rad", "ICRS, at the epoch", stars,
             [](Star const& s) { return s.position.ra; }),
      column("coord_dec", "rad", "ICRS, at the epoch", stars,
             [](Star const& s) { return s.position.dec; })};
  for (std::size_t f = 0; f < bands.size(); ++f) {
    std::string const& name = bands[f];
    table.columns.push_back(column(name + "_flux", "nJy", "flux in " + name, stars,
                                   [f](Star const& s) { return s.flux[f]; }));
    table.columns.push_back(column(name + "_fluxErr", "nJy", "its standard deviation", stars,
                                   [&](Star const& s) { return relative_flux_error * s.flux[f]; }));
  }
  table.columns.push_back(column("coord_raErr", "rad", "along the parallel", stars, error));
  table.columns.push_back(column("coord_decErr", "rad", "along the meridian", stars, error));
  table.columns.push_back(
      column("epoch", "day", "MJD, TAI", stars, [&](Star const&) { return settings.epoch_mjd; }));
  table.columns.push_back(column("pm_ra", "rad/yr", "proper motion along the parallel", stars,
                                 [](Star const& s) { return s.pm_ra; }));
  table.columns.push_back(column("pm_dec", "rad/yr", "proper motion along the meridian", stars,
                                 [](Star const& s) { return s.pm_dec; }));
  table.header.set("REFCAT_FORMAT_VERSION", std::int64_t{1}, "fluxes are in nJy");
  return table;
}

}  // namespace

void write_reference_shards(std::filesystem::path const& directory,
                            std::vector<ReferenceStar> const& stars,
                            std::vector<std::string> const& bands, std::size_t depth_band,
                            ReferenceSettings const& settings, std::uint64_t seed) {
  Random random(seed, "reference catalogue");
  std::map<std::int64_t, std::vector<CatalogStar>> shards;
  for (ReferenceStar const& observed : stars) {
    // Drawn for every star: a deeper catalogue has the same bright ones.
    CatalogStar star = catalogued(observed, settings, random);
    if (observed.magnitude[depth_band] > settings.depth) continue;
    std::int64_t const shard = htm_id(star.position, level);
    shards[shard].push_back(std::move(star));
  }
  std::filesystem::create_directories(directory);
  for (auto const& [id, members] : shards) {
    fits::Writer writer(directory / (std::to_string(id) + ".fits"));
    writer.primary({});
    writer.table("", shard_table(members, bands, settings));
    writer.close();
  }
}

void write_reference_shards(std::filesystem::path const& directory,
                            std::vector<SkyObject> const& objects, std::vector<SkyPoint> const& sky,
                            ReferenceSettings const& settings, std::uint64_t seed) {
  std::vector<std::string> bands;
  for (FilterProperties const& filter : filter_table) bands.emplace_back(filter.name);
  std::vector<ReferenceStar> stars;
  for (std::size_t i = 0; i < objects.size(); ++i)
    if (objects[i].type == SkyObject::Type::star)
      stars.push_back({static_cast<std::int64_t>(i) + 1,
                       sky[i],
                       {objects[i].magnitude.begin(), objects[i].magnitude.end()}});
  write_reference_shards(directory, stars, bands, filter_index("r"), settings, seed);
}

}  // namespace simulate
