#include "repository/refcat_columns.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <set>

#include "almagest/config_value.hpp"
#include "almagest/error.hpp"

namespace almagest {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr double degree = std::numbers::pi / 180.0;
constexpr double arcsec = degree / 3600.0;
constexpr double ab_nanojansky = 31.4;  // AB magnitude of 1 nJy
constexpr double mjd_of_2000 = 51544.5, days_per_year = 365.25;

/// A unit of angles or motions as radians (per year), or of fluxes as nJy.
std::optional<double> unit_factor(std::string unit, bool is_flux) {
  std::erase(unit, ' ');
  if (is_flux) {
    static std::map<std::string, double> const fluxes = {
        {"nJy", 1.0}, {"uJy", 1e3}, {"mJy", 1e6}, {"Jy", 1e9}};
    auto const found = fluxes.find(unit);
    return found == fluxes.end() ? std::nullopt : std::optional(found->second);
  }
  for (char const* per_year : {"/yr", "/year", "/a", ".yr**-1", "yr-1", "*yr**-1", "yr^-1"})
    if (unit.ends_with(per_year)) unit.erase(unit.size() - std::string(per_year).size());
  if (unit == "rad") return 1.0;
  if (unit == "deg" || unit == "degree" || unit == "degrees") return degree;
  if (unit == "arcsec" || unit == "as") return arcsec;
  if (unit == "mas") return arcsec / 1e3;
  if (unit == "uas") return arcsec / 1e6;
  return std::nullopt;
}

/// What a quantity is called in catalogues that are often used.
std::vector<std::string> usual_names(std::string const& quantity) {
  static std::map<std::string, std::vector<std::string>> const names = {
      {"id", {"id", "source_id", "objID", "objid", "Source"}},
      {"ra", {"ra", "RA", "coord_ra", "RA_ICRS", "RAJ2000"}},
      {"dec", {"dec", "DEC", "Dec", "coord_dec", "DE_ICRS", "DEJ2000"}},
      {"raErr", {"raErr", "ra_error", "coord_raErr", "e_RA_ICRS"}},
      {"decErr", {"decErr", "dec_error", "coord_decErr", "e_DE_ICRS"}},
      {"pm_ra", {"pm_ra", "pmra", "pmRA"}},
      {"pm_dec", {"pm_dec", "pmdec", "pmDE"}},
      {"pm_raErr", {"pm_raErr", "pmra_error", "e_pmRA"}},
      {"pm_decErr", {"pm_decErr", "pmdec_error", "e_pmDE"}},
      {"parallax", {"parallax", "Plx"}},
      {"parallaxErr", {"parallaxErr", "parallax_error", "e_Plx"}},
      {"epoch", {"epoch", "ref_epoch"}},
  };
  auto const found = names.find(quantity);
  return found == names.end() ? std::vector{quantity} : found->second;
}

constexpr char const* band_endings[] = {"_mag", "_magErr", "_flux", "_fluxErr"};

bool is_known(std::string const& quantity) {
  static std::set<std::string> const known = {"id",        "ra",       "dec",         "raErr",
                                              "decErr",    "pm_ra",    "pm_dec",      "pm_raErr",
                                              "pm_decErr", "parallax", "parallaxErr", "epoch"};
  return known.contains(quantity) || std::ranges::any_of(band_endings, [&](char const* ending) {
           return quantity.ends_with(ending) && quantity != ending;
         });
}

}  // namespace

/// Finds the input's columns and their units.
class CatalogueColumns::Builder {
 public:
  Builder(CatalogueColumns& made, std::string const& file, std::vector<InputColumn> const& input,
          ColumnMap const& map)
      : made_(made), file_(file), input_(input), map_(map) {
    for (auto const& [quantity, column] : map)
      if (!is_known(quantity))
        throw ConfigError(fmt::format(
            "--map {}={}: '{}' is not known; want id, ra, dec, raErr, decErr, pm_ra, pm_dec, "
            "pm_raErr, pm_decErr, parallax, parallaxErr, epoch, BAND_mag, BAND_magErr, BAND_flux, "
            "BAND_fluxErr",
            quantity, column, quantity));
  }

  struct Found {
    std::size_t chosen;
    std::string unit;
    std::string name;
  };
  /// The column of a quantity; chosen now if it is there.
  std::optional<Found> find(std::string const& quantity) {
    std::vector<std::string> names = usual_names(quantity);
    std::string unit;
    auto const mapped = map_.find(quantity);
    if (mapped != map_.end()) {
      auto const colon = mapped->second.rfind(':');
      names = {mapped->second.substr(0, colon)};
      if (colon != std::string::npos) unit = mapped->second.substr(colon + 1);
    }
    for (std::string const& name : names) {
      auto const column = std::ranges::find(input_, name, &InputColumn::name);
      if (column == input_.end()) continue;
      if (unit.empty()) unit = column->unit;
      if (unit.empty() && name.starts_with("coord_")) unit = "rad";
      made_.chosen_.push_back(static_cast<std::size_t>(column - input_.begin()));
      return Found{made_.chosen_.size() - 1, unit, name};
    }
    if (mapped == map_.end()) return std::nullopt;
    std::vector<std::string> known;
    for (InputColumn const& column : input_) known.push_back(column.name);
    throw ConfigError(fmt::format("{}: has no column '{}'{} (it has {})", file_, names.front(),
                                  nearest_name_hint(names.front(), known), fmt::join(known, ", ")));
  }

  double factor(Found const& found, char const* otherwise, bool is_flux) const {
    std::string const unit = found.unit.empty() ? otherwise : found.unit;
    if (auto const known = unit_factor(unit, is_flux)) return *known;
    throw ConfigError(
        fmt::format("{}: column '{}' is in '{}', which is not known; say it with "
                    "--map QUANTITY={}:{}",
                    file_, found.name, unit, found.name, otherwise));
  }

  /// An angle, a motion or an error of these. \returns whether it is there
  bool angle(std::string const& quantity, char const* unit, ShardLayout::Column column) {
    auto const found = find(quantity);
    if (!found) return false;
    Source source;
    source.value = found->chosen;
    source.factor = factor(*found, unit, false);
    made_.add(std::move(column), source);
    return true;
  }

  void epoch(std::optional<double> constant) {
    ShardLayout::Column const column{"epoch", "day", "date of the position (TAI, MJD)"};
    Source source;
    if (auto const found = find("epoch")) {
      source.value = found->chosen;
      bool const in_years = found->unit == "yr" || found->unit == "Julian yr" ||
                            found->unit == "year" || found->unit == "Time[Julian Years]";
      if (in_years) source.kind = Source::Kind::year;
    } else if (constant) {
      source.kind = Source::Kind::constant;
      source.factor = *constant;
    } else {
      return;
    }
    made_.add(column, source);
  }

  void band(std::string const& name) {
    ShardLayout::Column const flux{name + "_flux", "nJy", "flux in " + name};
    ShardLayout::Column const error{name + "_fluxErr", "nJy", "its error"};
    if (auto const found = find(name + "_flux")) {
      Source source;
      source.kind = Source::Kind::flux;
      source.value = found->chosen;
      source.factor = factor(*found, "nJy", true);
      made_.add(flux, source);
      if (auto const of_flux = find(name + "_fluxErr")) {
        source.kind = Source::Kind::flux_error;
        source.value = of_flux->chosen;
        source.factor = factor(*of_flux, "nJy", true);
        made_.add(error, source);
      }
      return;
    }
    auto const magnitude = find(name + "_mag");
    if (!magnitude) return;
    Source source;
    source.kind = Source::Kind::magnitude;
    source.value = magnitude->chosen;
    made_.add(flux, source);
    if (auto const of_magnitude = find(name + "_magErr")) {
      source.kind = Source::Kind::magnitude_error;
      source.value = of_magnitude->chosen;
      source.magnitude = magnitude->chosen;
      made_.add(error, source);
    }
  }

  /// Every band that the input or the map names.
  std::set<std::string> bands() const {
    std::set<std::string> names;
    auto const add = [&](std::string const& quantity) {
      for (std::string const ending : {"_mag", "_flux"})
        if (quantity.ends_with(ending) && quantity != ending)
          names.insert(quantity.substr(0, quantity.size() - ending.size()));
    };
    for (InputColumn const& column : input_) add(column.name);
    for (auto const& [quantity, column] : map_) add(quantity);
    return names;
  }

  [[noreturn]] void complain(char const* quantity) const {
    std::vector<std::string> known;
    for (InputColumn const& column : input_) known.push_back(column.name);
    throw DataError(
        fmt::format("{}: no column is known to be '{}': say it with --map {}=COLUMN "
                    "(it has {})",
                    file_, quantity, quantity, fmt::join(known, ", ")));
  }

 private:
  CatalogueColumns& made_;
  std::string const& file_;
  std::vector<InputColumn> const& input_;
  ColumnMap const& map_;
};

void CatalogueColumns::add(ShardLayout::Column column, Source source) {
  layout_.columns.push_back(std::move(column));
  sources_.push_back(source);
}

CatalogueColumns::CatalogueColumns(std::string const& file, std::vector<InputColumn> const& input,
                                   ColumnMap const& map, std::optional<double> epoch) {
  Builder build(*this, file, input, map);
  has_id_ = build.find("id").has_value();  // the first, so that it is read as an integer
  if (!build.angle("ra", "deg", {"coord_ra", "rad", "right ascension (ICRS)"}))
    build.complain("ra");
  if (!build.angle("dec", "deg", {"coord_dec", "rad", "declination (ICRS)"})) build.complain("dec");
  build.angle("raErr", "mas", {"coord_raErr", "rad", "error along the parallel"});
  build.angle("decErr", "mas", {"coord_decErr", "rad", "error of the declination"});
  build.epoch(epoch);
  build.angle("pm_ra", "mas/yr", {"pm_ra", "rad/yr", "proper motion along the parallel"});
  build.angle("pm_dec", "mas/yr", {"pm_dec", "rad/yr", "proper motion in declination"});
  build.angle("pm_raErr", "mas/yr", {"pm_raErr", "rad/yr", "its error along the parallel"});
  build.angle("pm_decErr", "mas/yr", {"pm_decErr", "rad/yr", "its error in declination"});
  build.angle("parallax", "mas", {"parallax", "rad", "parallax"});
  build.angle("parallaxErr", "mas", {"parallaxErr", "rad", "its error"});
  for (std::string const& band : build.bands()) build.band(band);
}

std::optional<std::vector<double>> CatalogueColumns::convert(
    std::vector<double> const& values) const {
  auto const flux_of = [](double magnitude) {
    return std::pow(10.0, (ab_nanojansky - magnitude) / 2.5);
  };
  std::vector<double> result;
  for (Source const& source : sources_) {
    using Kind = Source::Kind;
    double const value = source.kind == Kind::constant ? 0.0 : values[source.value];
    switch (source.kind) {
      case Kind::scaled:
      case Kind::flux_error:
        result.push_back(value * source.factor);
        break;
      case Kind::flux:
        result.push_back(value > 0 ? value * source.factor : unknown);
        break;
      case Kind::year:
        result.push_back(mjd_of_2000 + (value - 2000.0) * days_per_year);
        break;
      case Kind::magnitude:
        // 99 and the like stand for no magnitude in many catalogues.
        result.push_back(value > -50 && value < 50 ? flux_of(value) : unknown);
        break;
      case Kind::magnitude_error: {
        double const magnitude = values[source.magnitude];
        bool const good = magnitude > -50 && magnitude < 50 && value > 0;
        result.push_back(good ? flux_of(magnitude) * value * std::numbers::ln10 / 2.5 : unknown);
        break;
      }
      case Kind::constant:
        result.push_back(source.factor);
        break;
    }
  }
  if (!std::isfinite(result[0]) || !std::isfinite(result[1])) return std::nullopt;
  constexpr double beyond = 1e-9;  // [rad], rounding
  if (std::abs(result[1]) > std::numbers::pi / 2 + beyond)
    throw DataError(fmt::format("a declination of {} deg", result[1] / degree));
  if (std::abs(result[0]) > 4 * std::numbers::pi)
    throw DataError(fmt::format("a right ascension of {} deg", result[0] / degree));
  for (std::size_t i = 0; i < layout_.columns.size(); ++i) {
    constexpr double mjd_1886 = 10000, mjd_2132 = 100000;  // no catalogue is older or newer
    if (layout_.columns[i].name == "epoch" && std::isfinite(result[i]) &&
        (result[i] < mjd_1886 || result[i] > mjd_2132))
      throw DataError(
          fmt::format("an epoch of {}, which is no MJD (for Julian years: --map "
                      "epoch=COLUMN:yr)",
                      result[i]));
  }
  return result;
}

}  // namespace almagest
