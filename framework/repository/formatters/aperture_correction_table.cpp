#include "repository/formatters/aperture_correction_table.hpp"

#include "repository/formatters/chebyshev_table.hpp"
#include "repository/formatters/table_building.hpp"

namespace almagest {

fits::Table aperture_correction_table(ApertureCorrectionMap const& corrections) {
  std::vector<std::string> names;
  std::vector<Chebyshev2> models;
  for (auto const& [name, model] : corrections) {
    names.push_back(name);
    models.push_back(model);
  }
  fits::Table table = chebyshev_table(models);
  add_column(table, "name", "", "flux algorithm; its fluxes are multiplied by the polynomial",
             std::move(names));
  return table;
}

ApertureCorrectionMap aperture_corrections_of(fits::Table const& table) {
  auto const& names = table.texts("name");
  auto models = chebyshev_models(table);
  ApertureCorrectionMap corrections;
  for (std::size_t i = 0; i < models.size(); ++i)
    if (i >= names.size() || !corrections.emplace(names[i], std::move(models[i])).second)
      throw DataError(table.header.origin() + ": row " + std::to_string(i) +
                      " has no name, or that of another row");
  return corrections;
}

}  // namespace almagest
