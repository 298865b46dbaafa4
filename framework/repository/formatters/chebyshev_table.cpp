#include "repository/formatters/chebyshev_table.hpp"

#include <algorithm>
#include <limits>

#include "repository/formatters/table_building.hpp"

namespace almagest {
namespace {

using Integers = std::vector<std::int32_t>;

/// All models' coefficients in rows of one length; NaN behind the last.
fits::TableColumn coefficient_column(std::vector<Chebyshev2> const& models) {
  std::size_t longest = 1;
  for (Chebyshev2 const& model : models) longest = std::max(longest, model.coefficients().size());
  std::vector<double> values;
  for (Chebyshev2 const& model : models) {
    values.insert(values.end(), model.coefficients().begin(), model.coefficients().end());
    values.resize(values.size() + longest - model.coefficients().size(),
                  std::numeric_limits<double>::quiet_NaN());
  }
  fits::TableColumn column;
  column.name = "coefficients";
  column.doc = "of T_i(X) T_j(Y), j fastest; X and Y run from -1 to 1 over the box";
  column.repeat = static_cast<std::int64_t>(longest);
  column.values = std::move(values);
  return column;
}

Chebyshev2 model_of_row(fits::Table const& table, std::size_t row) {
  auto const integer = [&](char const* name) {
    return column_values<std::int32_t>(table, name)[row];
  };
  fits::TableColumn const& coefficients = table.column("coefficients");
  auto const* values = std::get_if<std::vector<double>>(&coefficients.values);
  int const order_x = integer("order_x");
  int const order_y = integer("order_y");
  int const terms = integer("terms");
  // Bounds that the file itself sets: no product of them can overflow.
  bool const sound = values && order_x >= 0 && order_y >= 0 && terms >= 0 &&
                     terms <= coefficients.repeat && order_x < std::max(terms, 1) &&
                     order_y < std::max(terms, 1);
  if (!sound)
    throw DataError(table.header.origin() + ": row " + std::to_string(row) +
                    " is no Chebyshev polynomial");
  Box const box{integer("x0"), integer("y0"), integer("width"), integer("height")};
  if (terms == 0) return {};
  auto const first = values->begin() + static_cast<std::ptrdiff_t>(row) *
                                           static_cast<std::ptrdiff_t>(coefficients.repeat);
  return Chebyshev2(box, order_x, order_y, {first, first + terms});
}

}  // namespace

fits::Table chebyshev_table(std::vector<Chebyshev2> const& models) {
  fits::Table table;
  table.rows = static_cast<std::int64_t>(models.size());
  auto const add = [&](char const* name, char const* unit, char const* doc, auto value) {
    Integers values;
    for (Chebyshev2 const& model : models)
      values.push_back(static_cast<std::int32_t>(value(model)));
    add_column(table, name, unit, doc, std::move(values));
  };
  add("x0", "pix", "first column of the box, from 0", [](auto const& m) { return m.box().x0; });
  add("y0", "pix", "first row of the box, from 0", [](auto const& m) { return m.box().y0; });
  add("width", "pix", "columns of the box", [](auto const& m) { return m.box().width; });
  add("height", "pix", "rows of the box", [](auto const& m) { return m.box().height; });
  add("order_x", "", "highest i", [](auto const& m) { return m.order_x(); });
  add("order_y", "", "highest j", [](auto const& m) { return m.order_y(); });
  add("terms", "", "used coefficients", [](auto const& m) { return m.coefficients().size(); });
  table.columns.push_back(coefficient_column(models));
  return table;
}

std::vector<Chebyshev2> chebyshev_models(fits::Table const& table) {
  std::vector<Chebyshev2> models;
  for (std::size_t row = 0; row < static_cast<std::size_t>(table.rows); ++row)
    models.push_back(model_of_row(table, row));
  return models;
}

}  // namespace almagest
