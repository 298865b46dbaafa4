#include "almagest/source_catalog.hpp"

#include <algorithm>
#include <optional>

#include "repository/formatters/fits_formatter.hpp"
#include "repository/formatters/footprint_tables.hpp"
#include "repository/formatters/formatters.hpp"
#include "repository/formatters/primary_header.hpp"
#include "repository/formatters/table_building.hpp"

/// As LSST's afw writes catalogues: all flags in one bit column `flags`, named by TFLAGn cards,
/// then the other columns. TFCOLn says which column of the schema flag n is.
namespace almagest {
namespace {

constexpr char const* extension = "SOURCES";
constexpr char const* flags_name = "flags";

std::string flag_position_card(std::size_t flag) {
  return "TFCOL" + std::to_string(flag + 1);
}

// ---- writing

void add_flags(fits::Table& table, SourceCatalog const& catalog) {
  fits::TableColumn flags;
  flags.name = flags_name;
  flags.doc = "bits for all flags; see the TFLAG cards";
  flags.bits = true;
  std::vector<Key<bool>> keys;
  auto const& columns = catalog.schema().columns();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].type != ColumnType::flag) continue;
    table.header.set(flag_position_card(keys.size()), static_cast<std::int64_t>(i + 1),
                     "column of the schema");
    keys.push_back(catalog.schema().key<bool>(columns[i].name));
    flags.bit_names.push_back(columns[i].name);
    flags.bit_docs.push_back(columns[i].doc);
  }
  if (keys.empty()) return;
  flags.repeat = static_cast<std::int64_t>(keys.size());
  std::vector<std::uint8_t> values;
  values.reserve(catalog.size() * keys.size());
  for (std::size_t row = 0; row < catalog.size(); ++row)
    for (Key<bool> const key : keys) values.push_back(catalog.get(row, key) ? 1 : 0);
  flags.values = std::move(values);
  table.columns.push_back(std::move(flags));
}

template <class T>
void add_values(fits::Table& table, SourceCatalog const& catalog, Column const& column) {
  auto const values = catalog.column(catalog.schema().key<T>(column.name));
  add_column(table, column.name, column.unit, column.doc,
             std::vector<T>(values.begin(), values.end()));
}

void add_schema_column(fits::Table& table, SourceCatalog const& catalog, Column const& column) {
  switch (column.type) {
    case ColumnType::flag:
      return;  // in the bit column
    case ColumnType::int32:
      return add_values<std::int32_t>(table, catalog, column);
    case ColumnType::int64:
      return add_values<std::int64_t>(table, catalog, column);
    case ColumnType::float32:
      return add_values<float>(table, catalog, column);
    case ColumnType::float64:
      return add_values<double>(table, catalog, column);
    case ColumnType::text:
      return add_values<std::string>(table, catalog, column);
  }
}

void write(fits::Writer& writer, SourceCatalog const& catalog,
           Formatter::WriteRequest const& request) {
  writer.primary(product_header(ProductTraits<SourceCatalog>::id, request));
  fits::Table table;
  table.rows = static_cast<std::int64_t>(catalog.size());
  add_flags(table, catalog);
  for (Column const& column : catalog.schema().columns()) add_schema_column(table, catalog, column);
  append_metadata(table.header, catalog.metadata);
  writer.table(extension, table);

  std::vector<Footprint const*> footprints;
  for (std::size_t row = 0; row < catalog.size(); ++row)
    footprints.push_back(catalog.footprint(row).get());
  if (std::ranges::any_of(footprints, [](Footprint const* f) { return f != nullptr; }))
    write_footprints(writer, footprints);
}

// ---- reading

template <class F>
void with_type(ColumnType type, F const& f) {
  switch (type) {
    case ColumnType::flag:
      return;
    case ColumnType::int32:
      return f(std::int32_t{});
    case ColumnType::int64:
      return f(std::int64_t{});
    case ColumnType::float32:
      return f(float{});
    case ColumnType::float64:
      return f(double{});
    case ColumnType::text:
      return f(std::string());
  }
}

Column schema_column(fits::Table const& table, fits::TableColumn const& column) {
  Column result{column.name, ColumnType::flag, column.unit, column.doc};
  for (ColumnType const type : {ColumnType::int32, ColumnType::int64, ColumnType::float32,
                                ColumnType::float64, ColumnType::text})
    with_type(type, [&]<class T>(T const&) {
      if (std::holds_alternative<std::vector<T>>(column.values)) result.type = type;
    });
  if (result.type == ColumnType::flag || column.repeat != 1)
    throw DataError(table.header.origin() + ": column '" + column.name +
                    "' is of a type that no catalogue column has");
  return result;
}

/// The flags' columns at their places, none at the others'.
std::vector<std::optional<Column>> place_flags(fits::Table const& table, std::size_t columns,
                                               fits::TableColumn const& flags) {
  std::size_t const count = flags.bit_names.size();
  std::vector<std::optional<Column>> places(columns + count);
  for (std::size_t i = 0; i < count; ++i) {
    std::string const card = flag_position_card(i);
    // A catalogue of LSST's has no such cards: its flags come first.
    std::size_t const place =
        table.header.has(card) ? static_cast<std::size_t>(table.header.integer(card) - 1) : i;
    if (place >= places.size() || places[place])
      throw DataError(table.header.origin() + ": " + card + " gives a flag an impossible place");
    places[place] = Column{flags.bit_names[i], ColumnType::flag, "", flags.bit_docs[i]};
  }
  return places;
}

/// The bit column, if the catalogue has flags.
fits::TableColumn const* flags_of(fits::Table const& table) {
  auto const found = std::ranges::find_if(table.columns, [](fits::TableColumn const& column) {
    return column.bits && column.name == flags_name;
  });
  if (found == table.columns.end()) return nullptr;
  if (std::cmp_not_equal(found->bit_names.size(), found->repeat))
    throw DataError(table.header.origin() + ": not every flag has a name");
  return &*found;
}

Schema schema_of(fits::Table const& table) {
  fits::TableColumn const* const flags = flags_of(table);
  std::size_t const others = table.columns.size() - (flags ? 1 : 0);
  auto places =
      flags ? place_flags(table, others, *flags) : std::vector<std::optional<Column>>(others);
  auto next = places.begin();
  for (fits::TableColumn const& column : table.columns) {
    if (&column == flags) continue;
    next = std::find(next, places.end(), std::nullopt);
    *next = schema_column(table, column);
  }
  Schema schema;
  for (auto& column : places) {
    if (column->name.empty() || schema.find(column->name))
      throw DataError(table.header.origin() + ": the column name '" + column->name +
                      "' is empty or taken");
    schema.add(std::move(*column));
  }
  return schema;
}

void fill(SourceCatalog& catalog, fits::Table const& table, Column const& column) {
  with_type(column.type, [&]<class T>(T const&) {
    auto const& values = column_values<T>(table, column.name);
    std::ranges::copy(values, catalog.column(catalog.schema().key<T>(column.name)).begin());
  });
}

void fill_flags(SourceCatalog& catalog, fits::TableColumn const& flags) {
  auto const& bits = std::get<std::vector<std::uint8_t>>(flags.values);
  std::size_t const count = flags.bit_names.size();
  for (std::size_t i = 0; i < count; ++i) {
    auto const key = catalog.schema().key<bool>(flags.bit_names[i]);
    for (std::size_t row = 0; row < catalog.size(); ++row)
      catalog.set(row, key, bits[row * count + i] != 0);
  }
}

SourceCatalog read(fits::Reader& reader, Formatter::ReadRequest const& /*request*/) {
  fits::Table const table = reader.table(reader.require(extension));
  SourceCatalog catalog(schema_of(table), static_cast<std::size_t>(table.rows));
  for (Column const& column : catalog.schema().columns()) fill(catalog, table, column);
  if (auto const* flags = flags_of(table)) fill_flags(catalog, *flags);
  catalog.metadata = metadata_of(table.header);
  if (!reader.find("SPANS")) return catalog;
  auto footprints = read_footprints(reader, catalog.size());
  for (std::size_t row = 0; row < catalog.size(); ++row)
    catalog.set_footprint(row, std::move(footprints[row]));
  return catalog;
}

}  // namespace

std::shared_ptr<Formatter const> source_catalog_formatter() {
  return std::make_shared<FitsFormatter<SourceCatalog>>(&read, &write);
}

}  // namespace almagest
