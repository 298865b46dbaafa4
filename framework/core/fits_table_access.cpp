#include <algorithm>
#include <type_traits>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"

namespace almagest::fits {
namespace {

[[noreturn]] void fail(Table const& table, std::string_view column, std::string const& what) {
  std::string const& origin = table.header.origin();
  throw DataError((origin.empty() ? "" : origin + ": ") + "column '" + std::string(column) + "' " +
                  what);
}

template <class Values>
Values const& values_of(Table const& table, std::string_view name, char const* wanted) {
  auto const* values = std::get_if<Values>(&table.column(name).values);
  if (!values) fail(table, name, std::string("does not hold ") + wanted);
  return *values;
}

}  // namespace

TableColumn const& Table::column(std::string_view name) const {
  auto const found = std::ranges::find(columns, name, &TableColumn::name);
  if (found != columns.end()) return *found;
  std::string known;
  for (TableColumn const& column : columns) known += (known.empty() ? "" : ", ") + column.name;
  fail(*this, name, "is missing; there are: " + known);
}

std::vector<double> Table::numbers(std::string_view name) const {
  return std::visit(
      [&]<class T>(std::vector<T> const& values) -> std::vector<double> {
        if constexpr (std::is_arithmetic_v<T>)
          return std::vector<double>(values.begin(), values.end());
        else
          fail(*this, name, "does not hold numbers");
      },
      column(name).values);
}

std::vector<std::string> const& Table::texts(std::string_view name) const {
  return values_of<std::vector<std::string>>(*this, name, "texts");
}

std::vector<std::vector<std::uint8_t>> const& Table::byte_arrays(std::string_view name) const {
  return values_of<std::vector<std::vector<std::uint8_t>>>(*this, name, "arrays of bytes");
}

std::vector<std::vector<float>> const& Table::float_arrays(std::string_view name) const {
  return values_of<std::vector<std::vector<float>>>(*this, name, "arrays of floats");
}

}  // namespace almagest::fits
