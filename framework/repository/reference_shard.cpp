#include "repository/reference_shard.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "almagest/fits.hpp"

namespace almagest {
namespace {

constexpr double unknown = CataloguedObject::unknown;
constexpr double njy_per_jy = 1e9;
constexpr char const* flux_ending = "_flux";
constexpr char const* version_card = "REFCAT_FORMAT_VERSION";

/// A table of one catalogue file, with questions whose complaints name it.
class ShardTable {
 public:
  explicit ShardTable(std::filesystem::path const& path) : path_(path) {
    fits::Reader reader(path);
    if (reader.hdu_count() < 2) refuse("has no table");
    table_ = reader.table(1);
  }

  std::size_t rows() const { return static_cast<std::size_t>(table_.rows); }
  Header const& header() const { return table_.header; }
  std::vector<fits::TableColumn> const& columns() const { return table_.columns; }

  fits::TableColumn const* find(std::string_view name) const {
    auto const found = std::ranges::find(table_.columns, name, &fits::TableColumn::name);
    return found == table_.columns.end() ? nullptr : &*found;
  }
  fits::TableColumn const& require(std::string_view name) const {
    if (auto const* column = find(name)) return *column;
    refuse(fmt::format("has no column '{}', so it is no shard of a reference catalogue", name));
  }
  /// One number per row.
  std::vector<double> numbers(std::string_view name) const {
    require(name);
    std::vector<double> values = table_.numbers(name);
    if (values.size() != rows())
      refuse(fmt::format("column '{}' has {} numbers per row, not 1", name,
                         table_.column(name).repeat));
    return values;
  }
  std::optional<std::vector<double>> numbers_in(std::string_view name,
                                                std::string_view unit) const {
    auto const* column = find(name);
    if (!column || column->unit != unit) return std::nullopt;
    return numbers(name);
  }
  std::vector<double> angles(std::string_view name) const {
    std::string const& unit = require(name).unit;
    if (!unit.empty() && unit != "rad")
      refuse(fmt::format("column '{}' is in '{}', not rad", name, unit));
    return numbers(name);
  }
  std::vector<std::int64_t> integers(std::string_view name) const {
    auto const& values = require(name).values;
    if (auto const* wide = std::get_if<std::vector<std::int64_t>>(&values);
        wide && wide->size() == rows())
      return *wide;
    if (auto const* narrow = std::get_if<std::vector<std::int32_t>>(&values);
        narrow && narrow->size() == rows())
      return {narrow->begin(), narrow->end()};
    refuse(fmt::format("column '{}' has no integers", name));
  }
  /// Whether a named bit of the flags is set, by row; empty when there is no such bit.
  std::vector<bool> flags(std::string_view name) const {
    for (fits::TableColumn const& column : table_.columns) {
      auto const bit = std::ranges::find(column.bit_names, name);
      auto const* values = std::get_if<std::vector<std::uint8_t>>(&column.values);
      if (bit == column.bit_names.end() || !values) continue;
      auto const offset = static_cast<std::size_t>(bit - column.bit_names.begin());
      std::vector<bool> set(rows());
      for (std::size_t i = 0; i < rows(); ++i)
        set[i] = (*values)[i * static_cast<std::size_t>(column.repeat) + offset] != 0;
      return set;
    }
    return {};
  }

  [[noreturn]] void refuse(std::string const& what) const {
    throw DataError(path_.string() + ": " + what);
  }

 private:
  std::filesystem::path path_;
  fits::Table table_;
};

double positive(double value) noexcept {
  return value > 0 && std::isfinite(value) ? value : unknown;
}

std::vector<std::string> band_names(ShardTable const& table) {
  std::vector<std::string> names;
  for (fits::TableColumn const& column : table.columns())
    if (column.name.ends_with(flux_ending))
      names.push_back(column.name.substr(0, column.name.size() - std::string(flux_ending).size()));
  std::ranges::sort(names);
  return names;
}

/// Why a column's numbers are not what the format says; empty when they are, or it does not exist.
std::string unit_problem(ShardTable const& table, std::string const& name, bool in_jansky) {
  auto const* column = table.find(name);
  char const* const wanted = in_jansky ? "Jy" : "nJy";
  if (!column || column->unit.empty() || column->unit == wanted) return {};
  return fmt::format("column '{}' is in '{}', but with {} {} fluxes are in {}", name, column->unit,
                     version_card, in_jansky ? "0 or none" : "1 and later", wanted);
}

/// Fluxes or their errors [nJy].
std::vector<double> fluxes(ShardTable const& table, std::string const& name, bool in_jansky) {
  if (!table.find(name)) return std::vector<double>(table.rows(), unknown);
  std::vector<double> values = table.numbers(name);
  for (double& value : values) value = positive(in_jansky ? value * njy_per_jy : value);
  return values;
}

ReferenceShard::Band read_band(ShardTable const& table, std::string const& name, bool in_jansky) {
  std::string const flux = name + flux_ending, error = name + "_fluxErr";
  ReferenceShard::Band band{name, {}, {}, unit_problem(table, flux, in_jansky)};
  if (band.problem.empty()) band.problem = unit_problem(table, error, in_jansky);
  if (!band.problem.empty()) return band;
  band.flux = fluxes(table, flux, in_jansky);
  band.flux_error = fluxes(table, error, in_jansky);
  for (std::size_t i = 0; i < band.flux.size(); ++i)
    if (std::isnan(band.flux[i])) band.flux_error[i] = unknown;
  return band;
}

/// 1 and later: nJy. Tables from before there was a version, 0, are in Jy.
std::int64_t format_version(ShardTable const& table) {
  if (!table.header().has(version_card)) return 0;
  std::int64_t const version = table.header().integer(version_card);
  if (version < 0) table.refuse(fmt::format("{} is {}", version_card, version));
  return version;
}

bool is_angle_per_year(std::string const& unit) {
  // LSST's Gaia tables say "rad".
  constexpr std::string_view known[] = {"rad", "rad/yr", "rad/year", "rad yr-1", "rad/a"};
  return std::ranges::find(known, unit) != std::ranges::end(known);
}

/// Every reason why a table's motions mean nothing to us.
std::string motion_problems(ShardTable const& table) {
  auto const* epoch = table.find("epoch");
  auto const* pm_ra = table.find("pm_ra");
  auto const* pm_dec = table.find("pm_dec");
  if (!pm_ra && !pm_dec) return "it has no proper motions";
  std::vector<std::string> problems;
  for (auto const& [name, column] : {std::pair{"pm_ra", pm_ra}, std::pair{"pm_dec", pm_dec}}) {
    if (!column)
      problems.push_back(fmt::format("there is no '{}'", name));
    else if (column->unit.empty())
      problems.push_back(fmt::format("'{}' has no unit", name));
    else if (!is_angle_per_year(column->unit))
      problems.push_back(fmt::format("'{}' is in '{}', not rad/yr", name, column->unit));
  }
  if (!epoch) {
    problems.emplace_back("there is no 'epoch'");
  } else {
    constexpr double mjd_1886 = 10000, mjd_2132 = 100000;  // no catalogue is older or newer
    auto const epochs = table.numbers("epoch");
    auto const odd = std::ranges::find_if(epochs, [](double mjd) {
      return std::isfinite(mjd) && (mjd < mjd_1886 || mjd > mjd_2132);
    });
    if (odd != epochs.end()) problems.push_back(fmt::format("'epoch' {:.15g} is no MJD", *odd));
  }
  return fmt::format("{}", fmt::join(problems, ", "));
}

/// Error columns are optional, also their units; an error of 0 is no error that anybody knows.
void set_errors(ShardTable const& table, char const* name, std::vector<CataloguedObject>& objects,
                double CataloguedObject::*member) {
  auto const* column = table.find(name);
  if (!column || (!column->unit.empty() && column->unit != "rad")) return;
  auto const values = table.numbers(name);
  for (std::size_t i = 0; i < objects.size(); ++i) objects[i].*member = positive(values[i]);
}

/// Of one coordinate.
void set_motion(ShardTable const& table, std::string const& name, std::vector<bool> const& bad,
                std::vector<CataloguedObject>& objects, double CataloguedObject::*motion,
                double CataloguedObject::*error) {
  auto const values = table.numbers(name);
  std::vector<double> errors(values.size(), 0.0);
  if (auto const* column = table.find(name + "Err"); column && is_angle_per_year(column->unit))
    errors = table.numbers(name + "Err");
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (!std::isfinite(values[i]) || (!bad.empty() && bad[i])) continue;
    objects[i].*motion = values[i];
    if (errors[i] > 0 && std::isfinite(errors[i])) objects[i].*error = errors[i];
  }
}

void set_motions(ShardTable const& table, std::vector<CataloguedObject>& objects) {
  auto const epochs = table.numbers("epoch");
  for (std::size_t i = 0; i < objects.size(); ++i)
    if (std::isfinite(epochs[i])) objects[i].epoch_mjd_tai = epochs[i];
  auto const bad = table.flags("pm_flag");
  using Object = CataloguedObject;
  set_motion(table, "pm_ra", bad, objects, &Object::pm_ra, &Object::pm_ra_error);
  set_motion(table, "pm_dec", bad, objects, &Object::pm_dec, &Object::pm_dec_error);
  if (auto const parallaxes = table.numbers_in("parallax", "rad")) {
    auto const bad_parallax = table.flags("parallax_flag");
    for (std::size_t i = 0; i < objects.size(); ++i)
      if (std::isfinite((*parallaxes)[i]) && (bad_parallax.empty() || !bad_parallax[i]))
        objects[i].parallax = (*parallaxes)[i];
  }
}

void drop_objects_without_position(ShardTable const& table, ReferenceShard& shard) {
  auto const ra = table.angles("coord_ra"), dec = table.angles("coord_dec");
  std::size_t kept = 0;
  for (std::size_t i = 0; i < shard.objects.size(); ++i) {
    if (!std::isfinite(ra[i]) || !std::isfinite(dec[i])) continue;
    shard.objects[kept] = shard.objects[i];
    for (ReferenceShard::Band& band : shard.bands) {
      if (!band.problem.empty()) continue;
      band.flux[kept] = band.flux[i];
      band.flux_error[kept] = band.flux_error[i];
    }
    ++kept;
  }
  shard.objects.resize(kept);
  for (ReferenceShard::Band& band : shard.bands) {
    if (!band.problem.empty()) continue;
    band.flux.resize(kept);
    band.flux_error.resize(kept);
  }
}

}  // namespace

ReferenceShard::Band const* ReferenceShard::band(std::string const& name) const noexcept {
  auto const found = std::ranges::find(bands, name, &Band::name);
  return found == bands.end() ? nullptr : &*found;
}

std::size_t ReferenceShard::bytes() const noexcept {
  return objects.size() * (sizeof(CataloguedObject) + bands.size() * 2 * sizeof(double));
}

ReferenceShard read_reference_shard(std::filesystem::path const& path) {
  ShardTable const table(path);
  ReferenceShard shard;
  shard.was_in_jansky = format_version(table) == 0;
  auto const ids = table.integers("id");
  auto const ra = table.angles("coord_ra"), dec = table.angles("coord_dec");
  shard.objects.resize(table.rows());
  for (std::size_t i = 0; i < table.rows(); ++i) {
    shard.objects[i].id = ids[i];
    shard.objects[i].position = {ra[i], dec[i]};
  }
  set_errors(table, "coord_raErr", shard.objects, &CataloguedObject::ra_error);
  set_errors(table, "coord_decErr", shard.objects, &CataloguedObject::dec_error);
  shard.no_motions = motion_problems(table);
  if (shard.no_motions.empty()) set_motions(table, shard.objects);
  for (std::string const& name : band_names(table))
    shard.bands.push_back(read_band(table, name, shard.was_in_jansky));
  drop_objects_without_position(table, shard);
  return shard;
}

std::vector<std::string> read_reference_bands(std::filesystem::path const& path) {
  return band_names(ShardTable(path));
}

}  // namespace almagest
