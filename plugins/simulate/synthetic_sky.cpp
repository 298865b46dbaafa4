#include "synthetic_sky.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <set>
#include <system_error>
#include <utility>
#include <variant>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "almagest/htm.hpp"
#include "random.hpp"

namespace simulate {

using namespace almagest;
namespace fs = std::filesystem;

namespace {

constexpr double cell_side = 3.0 / 60.0 * radians_per_degree;
constexpr double arcmin2 = radians_per_degree * radians_per_degree / 3600.0;
constexpr int most_per_cell = 10'000'000;

/// A piece of a ring of equal declination.
struct Cell {
  int ring = 0;  ///< from the south pole
  int place = 0;
  auto operator<=>(Cell const&) const = default;

  static int rings() { return static_cast<int>(std::ceil(std::numbers::pi / cell_side)); }
  double low_dec() const { return -0.5 * std::numbers::pi + ring * cell_side; }
  double high_dec() const { return std::min(low_dec() + cell_side, 0.5 * std::numbers::pi); }
  int cells_in_ring() const {
    double const circumference = 2.0 * std::numbers::pi * std::cos(0.5 * (low_dec() + high_dec()));
    return std::max(1, static_cast<int>(std::ceil(circumference / cell_side)));
  }
  double width() const { return 2.0 * std::numbers::pi / cells_in_ring(); }
  double area() const { return width() * (std::sin(high_dec()) - std::sin(low_dec())); }
  SkyPoint centre() const { return {(place + 0.5) * width(), 0.5 * (low_dec() + high_dec())}; }
};

std::set<Cell> cells_of(std::vector<SkyCircle> const& regions) {
  std::set<Cell> cells;
  for (SkyCircle const& region : regions) {
    double const reach = region.radius + 1.5 * cell_side;
    int const first =
        static_cast<int>((region.centre.dec - reach + 0.5 * std::numbers::pi) / cell_side);
    int const last =
        static_cast<int>((region.centre.dec + reach + 0.5 * std::numbers::pi) / cell_side);
    for (int ring = std::max(first, 0); ring <= std::min(last, Cell::rings() - 1); ++ring) {
      int const count = Cell{ring, 0}.cells_in_ring();
      for (int place = 0; place < count; ++place) {
        Cell const cell{ring, place};
        if (separation(cell.centre(), region.centre) < reach) cells.insert(cell);
      }
    }
  }
  return cells;
}

int poisson(double mean, Random& random) {
  int count = 0;
  for (double waited = -std::log(1.0 - random.uniform()); waited < mean;
       waited -= std::log(1.0 - random.uniform()))
    ++count;
  return count;
}

SkyPoint place_in(Cell const& cell, Random& random) {
  double const low = std::sin(cell.low_dec());
  double const high = std::sin(cell.high_dec());
  return {(cell.place + random.uniform()) * cell.width(),
          std::asin(std::clamp(low + (high - low) * random.uniform(), -1.0, 1.0))};
}

/// Colours along one sequence, from blue to red; galaxies scatter about it.
std::array<double, 6> magnitudes(double r, bool galaxy, Random& random) {
  double const t = random.uniform();
  double const scatter = galaxy ? 0.15 : 0.02;
  double const g_r = 0.25 + 1.15 * t + scatter * random.normal();
  double const r_i = 0.05 + 0.75 * t * t + 0.1 * t + scatter * random.normal();
  double const i_z = 0.02 + 0.40 * t * t + scatter * random.normal();
  double const z_y = 0.01 + 0.20 * t * t + scatter * random.normal();
  double const u_g = 0.9 + 1.3 * t + scatter * random.normal();
  return {r + g_r + u_g, r + g_r, r, r - r_i, r - r_i - i_z, r - r_i - i_z - z_y};
}

void draw_disc(SkySource& source, Random& random) {
  source.galaxy = true;
  source.half_light_radius_arcsec = random.uniform(0.3, 1.0);
  // Discs at random inclination, not thinner than a fifth.
  source.axis_ratio = std::max(random.uniform(), 0.2);
  source.angle = random.uniform(0.0, std::numbers::pi);
}

bool inside(SkyPoint const& place, std::vector<SkyCircle> const& regions) {
  return std::ranges::any_of(regions, [&](SkyCircle const& region) {
    return separation(place, region.centre) < region.radius;
  });
}

/// Places of a second catalogue, to be found by neighbourhood.
class Places {
 public:
  void add(SkyPoint const& place) { by_strip_[strip(place.dec)].push_back(place); }
  /// The nearest one within a radius, or the place itself.
  SkyPoint nearest(SkyPoint const& place, double radius) const {
    SkyPoint best = place;
    double least = radius;
    for (int s = strip(place.dec - radius); s <= strip(place.dec + radius); ++s) {
      auto const found = by_strip_.find(s);
      if (found == by_strip_.end()) continue;
      for (SkyPoint const& candidate : found->second) {
        double const distance = separation(candidate, place);
        if (distance < least) {
          least = distance;
          best = candidate;
        }
      }
    }
    return best;
  }

 private:
  static int strip(double dec) {
    return static_cast<int>(std::floor(dec / (10.0 * radians_per_arcsec)));
  }
  std::map<int, std::vector<SkyPoint>> by_strip_;
};

std::set<std::int64_t> shards_of(std::vector<SkyCircle> const& regions) {
  constexpr int level = 7;
  std::set<std::int64_t> ids;
  for (SkyCircle const& region : regions)
    for (std::int64_t const id : htm_cover(region, level)) ids.insert(id);
  return ids;
}

/// `189584.fits`, or as LSST's butler calls it, `…_189584_refcats.fits`; "" when there is neither.
fs::path shard_path(fs::path const& directory, std::int64_t id) {
  std::string const number = std::to_string(id);
  if (fs::path const plain = directory / (number + ".fits"); fs::exists(plain)) return plain;
  std::error_code error;
  for (auto const& entry : fs::directory_iterator(directory, error))
    if (entry.path().filename().string().ends_with("_" + number + "_refcats.fits"))
      return entry.path();
  return {};
}

std::vector<fits::Table> read_shards(fs::path const& directory,
                                     std::vector<SkyCircle> const& regions) {
  std::vector<fits::Table> tables;
  for (std::int64_t const id : shards_of(regions))
    if (fs::path const path = shard_path(directory, id); !path.empty())
      tables.push_back(fits::Reader(path).table(1));
  if (tables.empty())
    throw DataError(directory.string() +
                    " has no reference shard for the pointing; wanted one of " +
                    std::to_string(*shards_of(regions).begin()) + ".fits …");
  return tables;
}

Places read_places(fs::path const& directory, std::vector<SkyCircle> const& regions) {
  Places places;
  for (fits::Table const& table : read_shards(directory, regions)) {
    auto const ra = table.numbers("coord_ra"), dec = table.numbers("coord_dec");
    for (std::size_t i = 0; i < ra.size(); ++i) places.add({ra[i], dec[i]});
  }
  return places;
}

/// A shard's magnitudes; a band that it lacks, or a bad flux, has that of the nearest good band.
std::vector<std::array<double, 6>> shard_magnitudes(fits::Table const& table) {
  std::vector<std::array<double, 6>> result(static_cast<std::size_t>(table.rows));
  for (auto& row : result) row.fill(std::numeric_limits<double>::quiet_NaN());
  for (std::size_t b = 0; b < sky_bands.size(); ++b) {
    std::string const name = std::string(1, sky_bands[b]) + "_flux";
    if (std::ranges::none_of(table.columns, [&](auto const& c) { return c.name == name; }))
      continue;
    auto const flux = table.numbers(name);
    for (std::size_t i = 0; i < result.size(); ++i)
      if (flux[i] > 0.0) result[i][b] = 31.4 - 2.5 * std::log10(flux[i]);  // AB of nJy
  }
  for (auto& row : result) {
    auto const known = row;
    for (std::size_t b = 0; b < row.size(); ++b)
      for (std::size_t away = 1; away < row.size() && std::isnan(row[b]); ++away) {
        if (b + away < row.size()) row[b] = known[b + away];
        if (std::isnan(row[b]) && b >= away) row[b] = known[b - away];
      }
  }
  return result;
}

}  // namespace

std::size_t band_index(char band) {
  return static_cast<std::size_t>(std::ranges::find(sky_bands, band) - sky_bands.begin());
}

char band_of_filter(std::string_view filter) {
  auto const is_digit = [](char c) { return c >= '0' && c <= '9'; };
  auto const is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  // A wavelength in nanometres: NB0921, KPNO_406_828nm.
  auto const first_digit = std::ranges::find_if(filter, is_digit);
  auto const is_narrow = filter.starts_with("NB") || filter.starts_with("IB") ||
                         filter.find("nm") != std::string_view::npos;
  if (is_narrow && first_digit != filter.end()) {
    int nm = 0;
    for (auto c = first_digit; c != filter.end() && is_digit(*c); ++c) nm = nm * 10 + (*c - '0');
    constexpr std::array<int, 5> edges{400, 550, 690, 820, 920};  // between u g r i z y
    return sky_bands[static_cast<std::size_t>(
        std::ranges::count_if(edges, [&](int e) { return nm > e; }))];
  }
  for (std::string_view const camera : {"HSC-", "SDSS", "W-S-", "MegaCam."})
    if (filter.starts_with(camera)) filter.remove_prefix(camera.size());
  auto const start = filter.find_first_not_of(" _-");
  if (start == std::string_view::npos) return 'r';
  char const first = filter[start];
  char const lower = first >= 'A' && first <= 'Z' ? static_cast<char>(first - 'A' + 'a') : first;
  bool const alone = start + 1 == filter.size() || !is_letter(filter[start + 1]);
  if (alone && band_index(lower) < sky_bands.size()) return lower;
  return 'r';
}

std::vector<SkySource> synthetic_sky(std::vector<SkyCircle> const& regions,
                                     SkySettings const& settings, std::uint64_t seed) {
  // Slopes of star and galaxy counts at high latitude [dex/mag].
  constexpr double star_slope = 0.18;
  constexpr double galaxy_slope = 0.35;
  constexpr double brightest_galaxy = 17.0;
  std::vector<SkySource> sources;
  for (Cell const& cell : cells_of(regions)) {
    std::string const name = std::to_string(cell.ring) + " " + std::to_string(cell.place);
    Random random(seed, "sky cell " + name);
    double const area = cell.area() / arcmin2;
    int const stars = std::min(poisson(settings.stars * area, random), most_per_cell);
    int const galaxies = std::min(poisson(settings.galaxies * area, random), most_per_cell);
    std::int64_t id = (std::int64_t{cell.ring} * 10000 + cell.place) * most_per_cell;
    for (int k = 0; k < stars + galaxies; ++k) {
      SkySource source;
      source.id = ++id;
      source.position = place_in(cell, random);
      bool const galaxy = k >= stars;
      double const r = galaxy
                           ? random.power_law(std::min(brightest_galaxy, settings.faintest - 1.0),
                                              settings.faintest, galaxy_slope)
                           : random.power_law(settings.brightest, settings.faintest, star_slope);
      source.magnitude = magnitudes(r, galaxy, random);
      if (galaxy) draw_disc(source, random);
      sources.push_back(source);
    }
  }
  return sources;
}

std::vector<SkySource> sky_of_shards(fs::path const& fluxes, fs::path const& positions,
                                     std::vector<SkyCircle> const& regions, std::uint64_t seed) {
  Places places;
  if (!positions.empty()) places = read_places(positions, regions);
  std::vector<SkySource> sources;
  for (fits::Table const& table : read_shards(fluxes, regions)) {
    if (!table.header.has("REFCAT_FORMAT_VERSION"))
      throw DataError(fluxes.string() +
                      ": shards without REFCAT_FORMAT_VERSION; their fluxes are "
                      "not in nJy");
    auto const* const id = std::get_if<std::vector<std::int64_t>>(&table.column("id").values);
    if (!id) throw DataError(fluxes.string() + ": column id is not of 64-bit integers");
    auto const ra = table.numbers("coord_ra"), dec = table.numbers("coord_dec");
    auto const magnitude = shard_magnitudes(table);
    for (std::size_t i = 0; i < id->size(); ++i) {
      SkySource source;
      source.id = (*id)[i];
      source.position = {ra[i], dec[i]};
      source.magnitude = magnitude[i];
      double const r = magnitude[i][band_index('r')];
      if (!std::isfinite(r) || !inside(source.position, regions)) continue;
      Random random(seed, "shard object " + std::to_string(source.id));
      constexpr double stars_only = 20.0;
      constexpr double galaxy_fraction = 0.6;
      constexpr double same_object = 0.5 * radians_per_arcsec;
      if (r > stars_only && random.uniform() < galaxy_fraction)
        draw_disc(source, random);
      else if (r < stars_only)
        source.position = places.nearest(source.position, same_object);
      sources.push_back(source);
    }
  }
  return sources;
}

}  // namespace simulate
