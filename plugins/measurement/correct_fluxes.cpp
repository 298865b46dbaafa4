#include "correct_fluxes.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/text.hpp"

#include "joined.hpp"

namespace measurement {
namespace {
using namespace almagest;

/// nullptr when the frame has none for this flux.
Chebyshev2 const* field_of(ApertureCorrectionMap const& map, std::string const& flux) {
  auto const found = map.find(flux);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

void CorrectFluxes::prepare(Setup& setup) {
  schema_ = setup.schema(sources);
  x_ = schema_.key<double>(*centroid + "_x");
  y_ = schema_.key<double>(*centroid + "_y");
  columns_.clear();
  for (std::string const& name : *fluxes) {
    if (schema_.find(name + "_apCorr") != nullptr)
      throw ConfigError("the fluxes " + name + " are corrected already");
    Columns columns;
    columns.flux = schema_.key<double>(name + "_instFlux");
    columns.error = schema_.key<double>(name + "_instFluxErr");
    columns.flag = schema_.key<bool>(name + "_flag");
    columns.correction = schema_.add<double>(name + "_apCorr", "",
                                             "Aperture correction; " + name + "_instFlux and " +
                                                 name + "_instFluxErr have been multiplied by it");
    columns.correction_error = schema_.add<double>(
        name + "_apCorrErr", "",
        "Standard deviation of the aperture correction; not known: the fit's error "
        "is not carried");
    columns.not_corrected = schema_.add_flag(
        name + "_flag_apCorr",
        "The aperture correction has no usable value here: " + name + "_instFlux is not corrected");
    columns_.push_back(columns);
  }
  setup.declare(corrected, schema_);
}

Outcome CorrectFluxes::run(Context& context) const {
  SourceCatalog catalog = context.take(sources);
  ApertureCorrectionMap const& map = context.get(corrections);
  catalog.extend(schema_);
  std::vector<std::string> without;
  std::int64_t failed = 0, left = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    Columns const& columns = columns_[i];
    Chebyshev2 const* const field = field_of(map, (*fluxes)[i]);
    if (!field) without.push_back((*fluxes)[i]);
    for (std::size_t row = 0; row < catalog.size(); ++row) {
      double const factor = field ? (*field)({catalog.get(row, x_), catalog.get(row, y_)})
                                  : std::numeric_limits<double>::quiet_NaN();
      bool const usable = std::isfinite(factor) && factor > 0.0;
      catalog.set(row, columns.correction, factor);
      catalog.set(row, columns.correction_error, std::numeric_limits<double>::quiet_NaN());
      catalog.set(row, columns.not_corrected, !usable);
      if (!usable) {
        ++(field ? failed : left);
        if (field || *flag_uncorrected) catalog.set(row, columns.flag, true);
        continue;
      }
      catalog.set(row, columns.flux, factor * catalog.get(row, columns.flux));
      catalog.set(row, columns.error, factor * catalog.get(row, columns.error));
    }
  }
  if (left > 0)
    context.log().warning("this frame has no aperture correction of " + joined(without) +
                          ": fluxes stay as they were measured" +
                          (*flag_uncorrected ? ", flagged" : ""));
  if (failed > 0)
    context.log().warning(counted(static_cast<std::size_t>(failed), "flux value") +
                          " not corrected, and flagged: the correction is not positive there, or "
                          "the source has no position");
  context.record(failures, failed + left);
  context.put(corrected, std::move(catalog));
  return done;
}

}  // namespace measurement
