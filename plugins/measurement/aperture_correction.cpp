#include "aperture_correction.hpp"

#include <cmath>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/text.hpp"

#include "base_algorithms.hpp"
#include "joined.hpp"
#include "psf_share.hpp"
#include "sinc_aperture.hpp"

namespace measurement {
namespace {
using namespace almagest;

/// "PsfFlux" of "base_PsfFlux", as messages say it.
std::string spoken(std::string const& flux) {
  return flux.starts_with("base_") ? flux.substr(5) : flux;
}

}  // namespace

ApertureCorrection::FluxColumns ApertureCorrection::columns_of(Schema const& schema,
                                                               std::string const& algorithm) {
  return {schema.key<double>(algorithm + "_instFlux"), schema.key<bool>(algorithm + "_flag")};
}

void ApertureCorrection::prepare(Setup& setup) {
  if (selector.size() != 1)
    throw ConfigError("parameter 'selector' wants exactly one star selector in 'use', got " +
                      std::to_string(selector.size()));
  Schema const& schema = setup.schema(sources);
  selector[0].prepare(schema);
  x_ = schema.key<double>(*centroid + "_x");
  y_ = schema.key<double>(*centroid + "_y");
  reference_flux_ = "base_CircularApertureFlux_" + radius_name(*radius);
  reference_ = columns_of(schema, reference_flux_);
  circle_ = sinc_aperture(*radius);
  flux_columns_.clear();
  for (std::string const& flux : *fluxes) flux_columns_.push_back(columns_of(schema, flux));
}

std::vector<ApertureCorrection::Star> ApertureCorrection::measure_stars(
    SourceCatalog const& catalog, std::vector<std::size_t> const& rows,
    Exposure const& image) const {
  std::vector<Star> stars;
  for (std::size_t const row : rows) {
    Point const position{catalog.get(row, x_), catalog.get(row, y_)};
    if (!std::isfinite(position.x) || !std::isfinite(position.y)) continue;
    double const share = *total ? psf_share(image.require_psf(), position, circle_, *radius) : 1.0;
    stars.push_back({row, catalog.get(row, reference_.flux) / share});
  }
  return stars;
}

std::vector<Chebyshev2::Sample> ApertureCorrection::usable(SourceCatalog const& catalog,
                                                           std::vector<Star> const& stars,
                                                           FluxColumns const& columns) const {
  std::vector<Chebyshev2::Sample> samples;
  for (auto const& [row, reference] : stars) {
    double const flux = catalog.get(row, columns.flux);
    double const ratio = reference / flux;
    bool const flagged = catalog.get(row, columns.flag) || catalog.get(row, reference_.flag);
    if (!flagged && flux > 0.0 && std::isfinite(ratio))
      samples.push_back({{catalog.get(row, x_), catalog.get(row, y_)}, ratio, 1.0});
  }
  return samples;
}

/// Says why there are too few stars for a flux, or for several.
/// \throws DataError when that is a failure
void ApertureCorrection::give_up(std::string const& flux, std::size_t left, std::size_t chosen,
                                 SourceCatalog const& catalog, Log& log) const {
  std::string text = "no aperture correction of " + flux + ": " + std::to_string(left) + " of " +
                     counted(catalog.size(), "source") + " left as stars, " +
                     std::to_string(*min_stars) + " needed (min_stars)";
  text += "; " + selector.use().front() + " chose " + std::to_string(chosen);
  if (left < chosen)
    text += ", of which " + std::to_string(chosen - left) + " have " + flux + " or " +
            reference_flux_ + " flagged or not positive";
  if (std::string const why = selector[0].explain(catalog); !why.empty()) text += ": " + why;
  if (*too_few == "fail") throw DataError(text);
  log.warning(text);
}

Outcome ApertureCorrection::run(Context& context) const {
  SourceCatalog const& catalog = context.get(sources);
  Exposure image = context.take(exposure);
  std::vector<Star> const stars = measure_stars(catalog, selector[0].select(catalog, image), image);
  context.record(star_count, static_cast<std::int64_t>(stars.size()));

  CorrectionFitOptions const options{.order = *order,
                                     .cross_validate = *order_choice == "cross_validated",
                                     .clip = *clip,
                                     .clip_passes = *clip_passes};
  ApertureCorrectionMap map;
  auto const enough = static_cast<std::size_t>(*min_stars);
  // A frame without any source is no failure: its catalogue will be empty too, or say what is
  // missing.
  if (catalog.empty())
    context.log().warning("no source, and so no aperture correction");
  else if (stars.size() < enough)
    give_up(joined(*fluxes), stars.size(), stars.size(), catalog, context.log());
  for (std::size_t i = 0; i < flux_columns_.size() && stars.size() >= enough; ++i) {
    std::string const& flux = (*fluxes)[i];
    auto const samples = usable(catalog, stars, flux_columns_[i]);
    if (samples.size() < enough) {
      give_up(flux, samples.size(), stars.size(), catalog, context.log());
      continue;
    }
    CorrectionFit const fit = fit_correction(image.bbox(), samples, options);
    if (fit.used == 1)
      context.log().warning("aperture correction " + spoken(flux) +
                            ": a single star gives it for the whole frame, its error is not known");
    context.log().info("aperture correction " + spoken(flux) + " " + fixed(fit.mean, 4) +
                       ", scatter " + fixed(fit.scatter, 4) + ", " + std::to_string(fit.used) +
                       " of " + counted(samples.size(), "star"));
    if (i == 0) {
      context.record(used_count, static_cast<std::int64_t>(fit.used));
      context.record(mean, fit.mean);
      context.record(scatter, fit.scatter);
    }
    map[flux] = fit.field;
  }
  image.aperture_corrections = map;
  context.put(corrected, std::move(image));
  context.put(corrections, std::move(map));
  return done;
}

}  // namespace measurement
