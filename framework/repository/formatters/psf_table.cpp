#include "repository/formatters/psf_table.hpp"

#include "almagest/error.hpp"

namespace almagest {

fits::Table psf_table(PsfState const& state) {
  fits::Table table;
  table.rows = 1;
  table.header.set("PSFTYPE", state.type, "who can rebuild the PSF");
  for (auto const& [name, array] : state.arrays) {
    fits::TableColumn column;
    column.name = name;
    column.repeat = static_cast<std::int64_t>(array.values.size());
    if (!array.values.empty()) column.shape = array.shape;
    column.values = array.values;
    table.columns.push_back(std::move(column));
  }
  return table;
}

PsfState psf_state(fits::Table const& table) {
  PsfState state;
  state.type = table.header.text("PSFTYPE");
  if (table.rows != 1) throw DataError(table.header.origin() + ": a PSF has one row");
  for (fits::TableColumn const& column : table.columns) {
    auto const* values = std::get_if<std::vector<double>>(&column.values);
    if (!values)
      throw DataError(table.header.origin() + ": column '" + column.name + "' holds no doubles");
    PsfState::Array array{column.shape, *values};
    // A single number has no dimensions, and an empty array cannot name them.
    if (array.shape.empty() && values->size() != 1)
      array.shape.push_back(static_cast<int>(values->size()));
    state.arrays.emplace(column.name, std::move(array));
  }
  return state;
}

}  // namespace almagest
