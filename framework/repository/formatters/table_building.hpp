#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"

namespace almagest {

/// Appends a column of one value per row.
template <class T>
void add_column(fits::Table& table, std::string name, std::string unit, std::string doc,
                std::vector<T> values) {
  fits::TableColumn column;
  column.name = std::move(name);
  column.unit = std::move(unit);
  column.doc = std::move(doc);
  column.values = std::move(values);
  table.columns.push_back(std::move(column));
}

/// Appends a column of truth values, 0 or 1.
inline void add_logical_column(fits::Table& table, std::string name, std::string doc,
                               std::vector<std::uint8_t> values) {
  add_column(table, std::move(name), "", std::move(doc), std::move(values));
  table.columns.back().logical = true;
}

/// The values of a column of exactly this type, one per row.
/// \throws DataError naming the table and the column
template <class T>
std::vector<T> const& column_values(fits::Table const& table, std::string const& name) {
  auto const* values = std::get_if<std::vector<T>>(&table.column(name).values);
  if (!values || table.column(name).repeat != 1)
    throw DataError(table.header.origin() + ": column '" + name + "' is of another type");
  return *values;
}

/// The truth values of a column that holds them, one per row, as 0 or 1. \throws DataError
inline std::vector<std::uint8_t> const& logical_values(fits::Table const& table,
                                                       std::string const& name) {
  if (!table.column(name).logical)
    throw DataError(table.header.origin() + ": column '" + name + "' holds no truth values");
  return column_values<std::uint8_t>(table, name);
}

}  // namespace almagest
