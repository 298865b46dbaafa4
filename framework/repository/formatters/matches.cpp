#include "almagest/matches.hpp"

#include "repository/formatters/fits_formatter.hpp"
#include "repository/formatters/formatters.hpp"
#include "repository/formatters/primary_header.hpp"
#include "repository/formatters/table_building.hpp"

/// A table with one row per match; its header has the metadata.
namespace almagest {
namespace {

constexpr char const* extension = "MATCHES";

/// A column of numbers, and what of a match it holds.
struct NumberColumn {
  char const* name;
  char const* unit;
  char const* doc;
  double& (*of)(Match&);
};

constexpr NumberColumn number_columns[] = {
    {"x", "pix", "column of the source, from 0", [](Match& m) -> double& { return m.pixel.x; }},
    {"y", "pix", "row of the source, from 0", [](Match& m) -> double& { return m.pixel.y; }},
    {"ref_ra", "rad", "its right ascension, ICRS, at the exposure's epoch",
     [](Match& m) -> double& { return m.reference.position.ra; }},
    {"ref_dec", "rad", "its declination, ICRS, at the exposure's epoch",
     [](Match& m) -> double& { return m.reference.position.dec; }},
    {"ref_posErr", "rad", "error of its position, per axis",
     [](Match& m) -> double& { return m.reference.position_error; }},
    {"ref_flux", "nJy", "its flux", [](Match& m) -> double& { return m.reference.flux; }},
    {"ref_fluxErr", "nJy", "error of its flux",
     [](Match& m) -> double& { return m.reference.flux_error; }},
    {"distance", "rad", "between the source and the reference object",
     [](Match& m) -> double& { return m.distance; }},
};

fits::Table table_of(std::vector<Match> const& matches) {
  std::vector<std::int64_t> sources, references;
  std::vector<std::uint8_t> fitted;
  for (Match const& match : matches) {
    sources.push_back(match.source_id);
    references.push_back(match.reference.id);
    fitted.push_back(match.fitted ? 1 : 0);
  }
  fits::Table table;
  table.rows = static_cast<std::int64_t>(matches.size());
  add_column(table, "source_id", "", "id of the source", std::move(sources));
  add_column(table, "ref_id", "", "id of the reference object", std::move(references));
  for (NumberColumn const& column : number_columns) {
    std::vector<double> values;
    for (Match match : matches) values.push_back(column.of(match));
    add_column(table, column.name, column.unit, column.doc, std::move(values));
  }
  add_logical_column(table, "fitted", "used in the fit of the WCS", std::move(fitted));
  return table;
}

Matches read(fits::Reader& reader, Formatter::ReadRequest const& /*request*/) {
  fits::Table const table = reader.table(reader.require(extension));
  auto const& sources = column_values<std::int64_t>(table, "source_id");
  auto const& references = column_values<std::int64_t>(table, "ref_id");
  auto const& fitted = logical_values(table, "fitted");
  Matches matches;
  matches.pairs.resize(sources.size());
  for (std::size_t i = 0; i < sources.size(); ++i) {
    matches.pairs[i].source_id = sources[i];
    matches.pairs[i].reference.id = references[i];
    matches.pairs[i].fitted = fitted[i] != 0;
  }
  for (NumberColumn const& column : number_columns) {
    auto const& values = column_values<double>(table, column.name);
    for (std::size_t i = 0; i < values.size(); ++i) column.of(matches.pairs[i]) = values[i];
  }
  matches.metadata = metadata_of(table.header);
  matches.metadata.set_origin(table.header.origin());
  return matches;
}

void write(fits::Writer& writer, Matches const& matches, Formatter::WriteRequest const& request) {
  writer.primary(product_header(ProductTraits<Matches>::id, request));
  fits::Table table = table_of(matches.pairs);
  append_metadata(table.header, matches.metadata);
  writer.table(extension, table);
}

}  // namespace

std::shared_ptr<Formatter const> matches_formatter() {
  return std::make_shared<FitsFormatter<Matches>>(&read, &write);
}

}  // namespace almagest
