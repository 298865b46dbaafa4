#include "host/catalog_export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "almagest/error.hpp"

namespace almagest {

namespace {

/// One column of a row, in whatever type it has. `format` says how each type becomes text.
template <class Format>
std::string cell(SourceCatalog const& catalog, std::size_t row, std::size_t column,
                 Format const& format) {
  Schema const& schema = catalog.schema();
  std::string const& name = schema.columns()[column].name;
  switch (schema.columns()[column].type) {
    case ColumnType::flag:
      return format(catalog.get(row, schema.key<bool>(name)));
    case ColumnType::int32:
      return format(static_cast<std::int64_t>(catalog.get(row, schema.key<std::int32_t>(name))));
    case ColumnType::int64:
      return format(catalog.get(row, schema.key<std::int64_t>(name)));
    case ColumnType::float32:
      return format(catalog.get(row, schema.key<float>(name)));
    case ColumnType::float64:
      return format(catalog.get(row, schema.key<double>(name)));
    case ColumnType::text:
      return format(catalog.get(row, schema.key<std::string>(name)));
  }
  return {};
}

/// The export of the stack's demo, in its order.
constexpr char const* stack_demo_columns[] = {
    "id",
    "coord_ra",
    "coord_dec",
    "flags_negative",
    "base_SdssCentroid_flag",
    "base_PixelFlags_flag_edge",
    "base_PixelFlags_flag_interpolated",
    "base_PixelFlags_flag_interpolatedCenter",
    "base_PixelFlags_flag_saturated",
    "base_PixelFlags_flag_saturatedCenter",
    "base_SdssCentroid_x",
    "base_SdssCentroid_y",
    "base_SdssCentroid_xErr",
    "base_SdssCentroid_yErr",
    "base_SdssShape_xx",
    "base_SdssShape_xy",
    "base_SdssShape_yy",
    "base_SdssShape_xxErr",
    "base_SdssShape_xyErr",
    "base_SdssShape_yyErr",
    "base_SdssShape_flag",
    "base_GaussianFlux_instFlux",
    "base_GaussianFlux_instFluxErr",
    "base_PsfFlux_instFlux",
    "base_PsfFlux_instFluxErr",
    "base_CircularApertureFlux_6_0_instFlux",
    "base_CircularApertureFlux_6_0_instFluxErr",
    "base_ClassificationExtendedness_value",
};

/// Twelve digits, as the demo prints them.
struct StackFormat {
  double scale = 1.0;
  std::string operator()(bool v) const { return v ? "True" : "False"; }
  std::string operator()(std::int64_t v) const { return fmt::format("{}", v); }
  std::string operator()(float v) const { return (*this)(static_cast<double>(v)); }
  std::string operator()(double v) const {
    return std::isnan(v) ? "nan" : fmt::format("{:.12g}", v * scale);
  }
  std::string operator()(std::string const& v) const { return v; }
};

struct CsvFormat {
  std::string operator()(bool v) const { return v ? "1" : "0"; }
  std::string operator()(std::int64_t v) const { return fmt::format("{}", v); }
  std::string operator()(float v) const { return std::isnan(v) ? "nan" : fmt::format("{}", v); }
  std::string operator()(double v) const { return std::isnan(v) ? "nan" : fmt::format("{}", v); }
  std::string operator()(std::string const& v) const {
    if (v.find_first_of(",\"\n\r") == std::string::npos) return v;
    std::string quoted = "\"";
    for (char const c : v) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
  }
};

template <class T>
void copy_column(SourceCatalog const& from, SourceCatalog& to, std::size_t first_row,
                 std::string const& name) {
  Key<T> const source = from.schema().template key<T>(name);
  Key<T> const target = to.schema().template key<T>(name);
  for (std::size_t row = 0; row < from.size(); ++row)
    to.set(first_row + row, target, T(from.get(row, source)));
}

void copy_column(SourceCatalog const& from, SourceCatalog& to, std::size_t first_row,
                 Column const& column) {
  switch (column.type) {
    case ColumnType::flag:
      return copy_column<bool>(from, to, first_row, column.name);
    case ColumnType::int32:
      return copy_column<std::int32_t>(from, to, first_row, column.name);
    case ColumnType::int64:
      return copy_column<std::int64_t>(from, to, first_row, column.name);
    case ColumnType::float32:
      return copy_column<float>(from, to, first_row, column.name);
    case ColumnType::float64:
      return copy_column<double>(from, to, first_row, column.name);
    case ColumnType::text:
      return copy_column<std::string>(from, to, first_row, column.name);
  }
}

}  // namespace

void sort_by_band(std::vector<FrameCatalog>& frames, Instrument const& instrument) {
  std::string const band = instrument.role("band");
  std::stable_sort(frames.begin(), frames.end(), [&](FrameCatalog const& a, FrameCatalog const& b) {
    if (!band.empty() && a.id.find(band) && b.id.find(band)) {
      if (instrument.value_less(band, a.id.at(band), b.id.at(band))) return true;
      if (instrument.value_less(band, b.id.at(band), a.id.at(band))) return false;
    }
    return instrument.id_less(a.id, b.id);
  });
}

std::string stack_demo_text(std::vector<FrameCatalog> const& frames) {
  std::string text = "#";
  for (char const* name : stack_demo_columns)
    text += (text.size() == 1 ? "" : " ") + std::string(name);
  text += '\n';
  for (FrameCatalog const& frame : frames) {
    std::vector<Column> const& columns = frame.catalog.schema().columns();
    std::vector<std::size_t> position;
    for (char const* name : stack_demo_columns) {
      auto const found = std::find_if(columns.begin(), columns.end(),
                                      [&](Column const& c) { return c.name == name; });
      position.push_back(static_cast<std::size_t>(found - columns.begin()));
    }
    for (std::size_t row = 0; row < frame.catalog.size(); ++row) {
      std::string line;
      for (std::size_t const column : position) {
        if (!line.empty()) line += ' ';
        if (column == columns.size()) {
          line += '-';
          continue;
        }
        bool const angle = columns[column].unit == "rad";
        line +=
            cell(frame.catalog, row, column, StackFormat{angle ? 1.0 / radians_per_degree : 1.0});
      }
      text += line + '\n';
    }
  }
  return text;
}

SourceCatalog joined_catalog(std::vector<FrameCatalog> const& frames,
                             Instrument const& instrument) {
  if (frames.empty()) return {};
  Schema schema;
  for (DataIdKey const& key : instrument.keys())
    if (frames[0].id.find(key.name))
      schema.add({key.name,
                  key.type == DataIdKey::Type::integer ? ColumnType::int64 : ColumnType::text, "",
                  key.doc});
  for (Column const& column : frames[0].catalog.schema().columns()) schema.add(column);

  std::size_t rows = 0;
  for (FrameCatalog const& frame : frames) {
    if (!(frame.catalog.schema() == frames[0].catalog.schema()))
      throw DataError("the catalogues of " + frames[0].id.str() + " and " + frame.id.str() +
                      " have different columns");
    rows += frame.catalog.size();
  }
  SourceCatalog joined(schema, rows);
  std::size_t first = 0;
  for (FrameCatalog const& frame : frames) {
    for (auto const& [name, value] : frame.id.items()) {
      if (!schema.find(name)) continue;
      for (std::size_t row = first; row < first + frame.catalog.size(); ++row) {
        if (auto const* number = std::get_if<std::int64_t>(&value)) {
          joined.set(row, schema.key<std::int64_t>(name), *number);
        } else {
          joined.set(row, schema.key<std::string>(name), to_string(value));
        }
      }
    }
    for (Column const& column : frame.catalog.schema().columns())
      copy_column(frame.catalog, joined, first, column);
    first += frame.catalog.size();
  }
  return joined;
}

std::string csv_text(SourceCatalog const& catalog) {
  std::vector<Column> const& columns = catalog.schema().columns();
  std::string text;
  for (std::size_t i = 0; i < columns.size(); ++i) text += (i == 0 ? "" : ",") + columns[i].name;
  text += '\n';
  for (std::size_t row = 0; row < catalog.size(); ++row) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i != 0) text += ',';
      text += cell(catalog, row, i, CsvFormat{});
    }
    text += '\n';
  }
  return text;
}

}  // namespace almagest
