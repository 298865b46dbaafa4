#include "host/compared_catalog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>

#include "almagest/config_value.hpp"
#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "almagest/geometry.hpp"
#include "repository/formatters/primary_header.hpp"

namespace almagest {

namespace {

using Kind = LogicalColumn::Kind;

constexpr LogicalColumn columns[] = {
    {"id", "id", Kind::id},
    {"run", "run", Kind::id},
    {"camcol", "camcol", Kind::id},
    {"field", "field", Kind::id},
    {"filter", "filter", Kind::text},
    {"ra", "coord_ra", Kind::number},
    {"dec", "coord_dec", Kind::number},
    {"x", "base_SdssCentroid_x", Kind::number},
    {"y", "base_SdssCentroid_y", Kind::number},
    {"xErr", "base_SdssCentroid_xErr", Kind::number},
    {"yErr", "base_SdssCentroid_yErr", Kind::number},
    {"cflag", "base_SdssCentroid_flag", Kind::flag},
    {"xx", "base_SdssShape_xx", Kind::number},
    {"xy", "base_SdssShape_xy", Kind::number},
    {"yy", "base_SdssShape_yy", Kind::number},
    {"xxErr", "base_SdssShape_xxErr", Kind::number},
    {"xyErr", "base_SdssShape_xyErr", Kind::number},
    {"yyErr", "base_SdssShape_yyErr", Kind::number},
    {"sflag", "base_SdssShape_flag", Kind::flag},
    {"psf", "base_PsfFlux_instFlux", Kind::number},
    {"psfErr", "base_PsfFlux_instFluxErr", Kind::number},
    {"gauss", "base_GaussianFlux_instFlux", Kind::number},
    {"gaussErr", "base_GaussianFlux_instFluxErr", Kind::number},
    {"ap6", "base_CircularApertureFlux_6_0_instFlux", Kind::number},
    {"ap6Err", "base_CircularApertureFlux_6_0_instFluxErr", Kind::number},
    {"ext", "base_ClassificationExtendedness_value", Kind::number},
    {"parent", "parent", Kind::number},
    {"nChild", "deblend_nChild", Kind::number},
    {"edge", "base_PixelFlags_flag_edge", Kind::flag},
    {"sat", "base_PixelFlags_flag_saturated", Kind::flag},
    {"satC", "base_PixelFlags_flag_saturatedCenter", Kind::flag},
    {"interp", "base_PixelFlags_flag_interpolated", Kind::flag},
    {"interpC", "base_PixelFlags_flag_interpolatedCenter", Kind::flag},
};

/// The column of a logical name, or none.
CatalogTable::Column const* find_column(CatalogTable const& table, LogicalColumn const& logical,
                                        ColumnChoice const& choice) {
  auto const chosen = choice.names.find(logical.name);
  if (chosen == choice.names.end()) {
    auto const* const column = table.find(logical.stack_name);
    return column ? column : table.find(logical.name);
  }
  if (auto const* const column = table.find(chosen->second)) return column;
  std::vector<std::string> known;
  for (CatalogTable::Column const& column : table.columns) known.push_back(column.name);
  throw ConfigError(fmt::format("{}: there is no column '{}' for '{}'{}", table.file,
                                chosen->second, logical.name,
                                nearest_name_hint(chosen->second, known)));
}

void add_numbers(ComparedCatalog& catalog, CatalogTable const& table,
                 CatalogTable::Column const& column, LogicalColumn const& logical, int origin) {
  std::vector<double> values = numbers_of(table, column);
  std::string_view const name = logical.name;
  if (name == "x" || name == "y")
    for (double& value : values) value -= origin;
  catalog.numbers.emplace(name, std::move(values));
}

// ---- angles

/// The columns of `ra` and `dec`; null where there is none.
struct AngleColumns {
  CatalogTable::Column const* ra = nullptr;
  CatalogTable::Column const* dec = nullptr;
};

LogicalColumn const& logical_column(std::string_view name) {
  return *std::ranges::find(columns, name,
                            [](auto const& each) { return std::string_view(each.name); });
}

/// What `--map` tells of either.
std::optional<std::string> chosen_unit(ColumnChoice const& choice) {
  auto const ra = choice.units.find("ra");
  auto const dec = choice.units.find("dec");
  if (ra == choice.units.end() && dec == choice.units.end()) return std::nullopt;
  if (ra != choice.units.end() && dec != choice.units.end() && ra->second != dec->second)
    throw ConfigError(fmt::format("--map tells two units of ra and dec, {} and {}; they have one",
                                  ra->second, dec->second));
  return (ra != choice.units.end() ? ra : dec)->second;
}

/// "deg" or "rad"; none where the file tells no unit. \throws DataError for any other unit
std::optional<std::string> angle_unit(CatalogTable const& table, CatalogTable::Column const* column,
                                      char const* logical_name) {
  if (!column) return std::nullopt;
  std::string unit;
  for (char const c : column->unit)
    if (c != ' ') unit += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  if (unit.empty()) return std::nullopt;
  for (char const* known : {"deg", "degree", "degrees"})
    if (unit == known) return "deg";
  for (char const* known : {"rad", "radian", "radians"})
    if (unit == known) return "rad";
  throw DataError(
      fmt::format("{}: column '{}' is in '{}', but angles are read in deg or rad; if it is in one "
                  "of these, tell it: --map {}={}:deg (--map-b for the second file)",
                  table.file, column->name, column->unit, logical_name, column->name));
}

/// "deg" or "rad" where the command line or the file tells it of either column.
std::optional<std::string> told_unit(CatalogTable const& table, AngleColumns const& angles,
                                     ColumnChoice const& choice) {
  if (auto chosen = chosen_unit(choice)) return chosen;
  auto const ra = angle_unit(table, angles.ra, "ra");
  auto const dec = angle_unit(table, angles.dec, "dec");
  if (ra && dec && *ra != *dec)
    throw DataError(fmt::format(
        "{}: column '{}' is in '{}', but '{}' in '{}'; give both one unit, and tell which if the "
        "file errs: --map ra={}:deg (--map-b for the second file)",
        table.file, angles.ra->name, angles.ra->unit, angles.dec->name, angles.dec->unit,
        angles.ra->name));
  return ra ? ra : dec;
}

/// Only radians may all lie there. NaN does not tell.
bool may_be_radians(ComparedCatalog const& catalog) {
  auto const within = [&](char const* name, double largest) {
    return std::ranges::none_of(catalog.number(name),
                                [=](double value) { return std::abs(value) > largest; });
  };
  return within("ra", 2.0 * std::numbers::pi) && within("dec", 0.5 * std::numbers::pi);
}

/// Makes degrees of `ra` and `dec`. Each column by itself would not do: near the equator all
/// declinations in degrees may be radians too.
void settle_angles(ComparedCatalog& catalog, CatalogTable const& table,
                   ColumnChoice const& choice) {
  LogicalColumn const& ra = logical_column("ra");
  LogicalColumn const& dec = logical_column("dec");
  AngleColumns const angles{find_column(table, ra, choice), find_column(table, dec, choice)};
  std::optional<std::string> unit = told_unit(table, angles, choice);
  bool const of_stack = angles.ra && angles.dec && angles.ra->name == ra.stack_name &&
                        angles.dec->name == dec.stack_name;
  if (!unit && of_stack && table.kind != CatalogTable::Kind::words && table.rows != 0) {
    bool const radians = may_be_radians(catalog);
    unit = radians ? "rad" : "deg";
    catalog.angle_note = fmt::format("{} and {} are taken as {}", angles.ra->name, angles.dec->name,
                                     radians ? "radians" : "degrees, being too large for radians");
  }
  if (unit != "rad") return;
  for (char const* name : {"ra", "dec"})
    if (auto const values = catalog.numbers.find(name); values != catalog.numbers.end())
      for (double& value : values->second) value /= radians_per_degree;
}

// ---- frames

/// SDSS numbers sources within an exposure in the lowest 26 bits of their id, and an exposure as
/// ((run · 10 + filter) · 10 + camcol) · 10000 + field.
std::optional<FrameKey> sdss_frame(std::int64_t id) {
  constexpr int source_bits = 26;
  std::int64_t const exposure = id >> source_bits;
  std::int64_t const camcol = exposure / 10'000 % 10;
  std::int64_t const filter = exposure / 100'000 % 10;
  if (camcol < 1 || camcol > 6 || filter > 4 || exposure < 1'000'000) return std::nullopt;
  return FrameKey{std::string(1, "ugriz"[filter]), exposure / 1'000'000, camcol, exposure % 10'000};
}

/// None when one of the ids is none of SDSS.
std::vector<FrameKey> frames_of_ids(std::vector<std::int64_t> const& ids) {
  std::vector<FrameKey> frames;
  for (std::int64_t const id : ids) {
    auto const frame = sdss_frame(id);
    if (!frame) return {};
    frames.push_back(*frame);
  }
  return frames;
}

/// Puts a key of a data ID where frames have it.
void set_key(FrameKey& frame, std::string const& name, Value const& value) {
  auto const* const number = std::get_if<std::int64_t>(&value);
  if (name == "filter") {
    frame.filter = to_string(value);
  } else if (number && name == "run") {
    frame.run = *number;
  } else if (number && name == "camcol") {
    frame.camcol = *number;
  } else if (number && name == "field") {
    frame.field = *number;
  } else {
    frame.others.set(name, value);
  }
}

bool is_number(std::string const& word) {
  char* end = nullptr;
  std::strtod(word.c_str(), &end);
  return !word.empty() && *end == '\0';
}

/// A column's values as those of a data-ID key: all whole numbers, or all words.
std::optional<std::vector<Value>> key_values(CatalogTable::Column const& column, std::size_t rows) {
  auto const whole = integers_of(column);
  if (whole.size() == rows) return std::vector<Value>(whole.begin(), whole.end());
  if (!std::holds_alternative<std::vector<std::string>>(column.values)) return std::nullopt;
  auto const words = words_of(column);
  if (std::ranges::any_of(words, is_number)) return std::nullopt;
  return std::vector<Value>(words.begin(), words.end());
}

/// From the data ID that `export` writes before a catalogue's own columns, id and coord_ra. The
/// keys are those of any instrument; another program's table begins otherwise.
std::vector<FrameKey> frames_of_export(CatalogTable const& table) {
  auto const id = std::ranges::find(table.columns, "id", &CatalogTable::Column::name);
  if (id == table.columns.end() || id + 1 == table.columns.end() || id[1].name != "coord_ra")
    return {};
  std::vector<FrameKey> frames;
  for (auto column = table.columns.begin(); column != id; ++column) {
    auto const values = key_values(*column, table.rows);
    if (!values) return {};
    frames.resize(table.rows);
    for (std::size_t row = 0; row < table.rows; ++row)
      set_key(frames[row], column->name, (*values)[row]);
  }
  return frames;
}

/// From the columns `run` and `filter`, with camcol and field where there are any.
std::vector<FrameKey> frames_of_columns(
    std::map<std::string_view, std::vector<std::int64_t>> const& integers,
    std::vector<std::string> const& filters) {
  auto const run = integers.find("run");
  if (run == integers.end() || filters.empty()) return {};
  std::vector<FrameKey> frames(filters.size());
  for (std::size_t row = 0; row < frames.size(); ++row) {
    auto const value = [&](char const* name) {
      auto const found = integers.find(name);
      return found == integers.end() ? -1 : found->second[row];
    };
    frames[row] = {filters[row], value("run"), value("camcol"), value("field")};
  }
  return frames;
}

/// A product's file is of the frame in its primary header.
std::vector<FrameKey> frames_of_product(CatalogTable const& table) {
  DataId const id = data_id_of(fits::Reader(table.file).header(0));
  if (id.empty()) return {};
  FrameKey frame;
  for (auto const& [name, value] : id.items()) set_key(frame, name, value);
  return std::vector<FrameKey>(table.rows, frame);
}

/// None when neither the file tells them nor its ids can. Columns that the command line names come
/// before all.
std::vector<FrameKey> frames_of(
    CatalogTable const& table, ColumnChoice const& choice,
    std::map<std::string_view, std::vector<std::int64_t>> const& integers,
    std::vector<std::string> const& filters) {
  bool const chosen = std::ranges::any_of(std::initializer_list<char const*>{"run", "filter"},
                                          [&](auto name) { return choice.names.contains(name); });
  std::vector<FrameKey> frames;
  if (!chosen) frames = frames_of_export(table);
  if (frames.empty()) frames = frames_of_columns(integers, filters);
  if (frames.empty() && table.kind == CatalogTable::Kind::fits) frames = frames_of_product(table);
  if (auto const id = integers.find("id"); frames.empty() && id != integers.end())
    if (table.kind == CatalogTable::Kind::words) frames = frames_of_ids(id->second);
  return frames;
}

template <class T>
std::vector<T> taken(std::vector<T> const& values, std::span<std::size_t const> rows) {
  std::vector<T> result;
  if (values.empty()) return result;
  result.reserve(rows.size());
  for (std::size_t const row : rows) result.push_back(values[row]);
  return result;
}

}  // namespace

std::span<LogicalColumn const> logical_columns() {
  return columns;
}

std::string FrameKey::str() const {
  std::string text = others.str();
  auto const add = [&](char const* name, std::int64_t value) {
    if (value >= 0) text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  };
  add("run", run);
  add("camcol", camcol);
  add("field", field);
  if (!filter.empty()) text += fmt::format("{}filter={}", text.empty() ? "" : " ", filter);
  return text.empty() ? "all" : text;
}

std::strong_ordering FrameKey::operator<=>(FrameKey const& other) const {
  constexpr std::string_view blue_to_red = "ugrizy";
  auto const place = [&](std::string const& name) {
    return name.size() == 1 ? blue_to_red.find(name[0]) : std::string_view::npos;
  };
  if (auto const order = place(filter) <=> place(other.filter); order != 0) return order;
  if (int const order = filter.compare(other.filter); order != 0) return order <=> 0;
  if (auto const order = run <=> other.run; order != 0) return order;
  if (auto const order = camcol <=> other.camcol; order != 0) return order;
  if (auto const order = field <=> other.field; order != 0) return order;
  if (others == other.others) return std::strong_ordering::equal;
  return others < other.others ? std::strong_ordering::less : std::strong_ordering::greater;
}

std::span<double const> ComparedCatalog::number(std::string_view name) const noexcept {
  auto const found = numbers.find(name);
  return found == numbers.end() ? std::span<double const>() : found->second;
}

std::span<std::uint8_t const> ComparedCatalog::flag(std::string_view name) const noexcept {
  auto const found = flags.find(name);
  return found == flags.end() ? std::span<std::uint8_t const>() : found->second;
}

bool ComparedCatalog::has(std::initializer_list<std::string_view> names) const noexcept {
  return std::ranges::all_of(
      names, [&](std::string_view name) { return numbers.contains(name) || flags.contains(name); });
}

ComparedCatalog ComparedCatalog::subset(std::span<std::size_t const> selected) const {
  ComparedCatalog result;
  result.file = file;
  result.angle_note = angle_note;
  result.rows = selected.size();
  for (auto const& [name, values] : numbers) result.numbers[name] = taken(values, selected);
  for (auto const& [name, values] : flags) result.flags[name] = taken(values, selected);
  result.ids = taken(ids, selected);
  result.frames = taken(frames, selected);
  return result;
}

void add_column_choice(ColumnChoice& choice, std::string const& word) {
  auto const equals = word.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == word.size())
    throw ConfigError("--map wants NAME=COLUMN, got '" + word + "'");
  std::string const name = word.substr(0, equals);
  std::vector<std::string> known;
  for (LogicalColumn const& column : columns) known.emplace_back(column.name);
  if (std::ranges::find(known, name) == known.end()) {
    std::string all;
    for (std::string const& each : known) all += " " + each;
    throw ConfigError("--map knows no '" + name + "'" + nearest_name_hint(name, known) +
                      "; it knows" + all);
  }
  std::string column = word.substr(equals + 1);
  if (name == "ra" || name == "dec")
    for (char const* unit : {"deg", "rad"})
      if (column.ends_with(std::string(":") + unit)) {
        choice.units[name] = unit;
        column.resize(column.size() - 4);
        break;
      }
  choice.names[name] = column;
}

ComparedCatalog compared_catalog(CatalogTable const& table, ColumnChoice const& choice) {
  ComparedCatalog catalog;
  catalog.file = table.file;
  catalog.rows = table.rows;
  std::map<std::string_view, std::vector<std::int64_t>> integers;
  std::vector<std::string> filters;
  for (LogicalColumn const& logical : columns) {
    auto const* const column = find_column(table, logical, choice);
    if (!column) continue;
    switch (logical.kind) {
      case Kind::number:
        add_numbers(catalog, table, *column, logical, choice.origin);
        break;
      case Kind::flag:
        catalog.flags.emplace(logical.name, flags_of(table, *column));
        break;
      case Kind::id:
        if (auto values = integers_of(*column); values.size() == table.rows)
          integers.emplace(logical.name, std::move(values));
        break;
      case Kind::text:
        filters = words_of(*column);
        break;
    }
  }
  settle_angles(catalog, table, choice);
  if (!catalog.has({"x", "y"}) && !catalog.has({"ra", "dec"})) {
    std::string known;
    for (CatalogTable::Column const& column : table.columns)
      known += (known.empty() ? "" : ", ") + column.name;
    throw DataError(table.file +
                    ": has neither positions x and y nor ra and dec; its columns are: " + known);
  }
  if (auto const id = integers.find("id"); id != integers.end()) catalog.ids = id->second;
  catalog.frames = frames_of(table, choice, integers, filters);
  return catalog;
}

}  // namespace almagest
