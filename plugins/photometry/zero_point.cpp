#include "zero_point.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <unordered_map>
#include <utility>

#include "almagest/calibration_flags.hpp"
#include "almagest/error.hpp"
#include "almagest/text.hpp"

#include "clipped_mode.hpp"
#include "error_clipping.hpp"

namespace photometry {
namespace {
using namespace almagest;

// d(magnitude) = 2.5/ln 10 · d(flux)/flux
constexpr double magnitudes_per_relative = 2.5 / std::numbers::ln10;
// A smaller scatter is none: a catalogue was compared with itself. [mag]
constexpr double no_scatter = 1e-9;

/// Of a flux [mag].
double magnitude_error(double flux, double error) noexcept {
  return magnitudes_per_relative * error / flux;
}

/// Of a reference flux [mag]; 0 where it is not known: a catalogue that gives no errors is
/// believed.
double reference_magnitude_error(ReferenceObject const& object) noexcept {
  return std::isfinite(object.flux_error) ? magnitude_error(object.flux, object.flux_error) : 0.0;
}

}  // namespace

/// The stars that can tell the zero point, and why other matches cannot.
struct ZeroPoint::Candidates {
  std::vector<std::size_t> rows;
  std::vector<double> zero_points;  // reference − instrumental magnitude, per row
  std::vector<double> errors;       // of both fluxes, per row [mag]
  std::size_t faint = 0, extended = 0, distant = 0, without_flux = 0, without_reference = 0,
              unknown = 0;
  std::vector<std::size_t> flagged;  // by flag

  std::string reasons(std::vector<Flag> const& flags) const {
    std::string text;
    auto const add = [&](std::size_t n, std::string const& why) {
      if (n > 0) text += (text.empty() ? "" : ", ") + std::to_string(n) + " " + why;
    };
    for (std::size_t i = 0; i < flags.size(); ++i) add(flagged[i], "with " + flags[i].name);
    add(extended, "extended");
    add(distant, "too far from their reference object");
    add(without_flux, "without a flux");
    add(faint, "too faint");
    add(without_reference, "without a (certain) reference flux");
    add(unknown, "not in the catalogue");
    return text.empty() ? "no match is left out" : text;
  }
};

void ZeroPoint::prepare(Setup& setup) {
  schema_ = setup.schema(sources);
  id_ = schema_.key<std::int64_t>("id");
  flux_ = schema_.key<double>(*flux + "_instFlux");
  flux_error_ = schema_.key<double>(*flux + "_instFluxErr");
  flux_flag_ = schema_.find_key<bool>(*flux + "_flag");
  extendedness_ = {};
  if (*stars_only)
    extendedness_ = schema_.find_key<double>("base_ClassificationExtendedness_value");
  bad_.clear();
  for (std::string const& name : *bad_flags) bad_.push_back({schema_.key<bool>(name), name});
  used_ = photometry_used.in(schema_);
  setup.declare(used_sources, schema_);
}

ZeroPoint::Candidates ZeroPoint::select(SourceCatalog const& catalog, Matches const& pairs) const {
  std::unordered_map<std::int64_t, std::size_t> row_of;
  for (std::size_t row = 0; row < catalog.size(); ++row) row_of.emplace(catalog.get(row, id_), row);

  Candidates found;
  found.flagged.assign(bad_.size(), 0);
  auto const first_bad = [&](std::size_t row) {
    return static_cast<std::size_t>(
        std::find_if(bad_.begin(), bad_.end(),
                     [&](Flag const& flag) { return catalog.get(row, flag.key); }) -
        bad_.begin());
  };
  for (Match const& match : pairs.pairs) {
    auto const entry = row_of.find(match.source_id);
    if (entry == row_of.end()) {
      ++found.unknown;
      continue;
    }
    std::size_t const row = entry->second;
    double const counts = catalog.get(row, flux_);
    double const error = catalog.get(row, flux_error_);
    double const reference = match.reference.flux;
    double const reference_error = reference_magnitude_error(match.reference);
    if (std::size_t const bad = first_bad(row); bad < bad_.size())
      ++found.flagged[bad];
    else if (extendedness_.valid() && !(catalog.get(row, extendedness_) < 0.5))
      ++found.extended;
    else if (!(match.distance <= *match_radius * radians_per_arcsec))
      ++found.distant;
    else if ((flux_flag_.valid() && catalog.get(row, flux_flag_)) || !(counts > 0.0) ||
             !std::isfinite(counts) || !(error > 0.0) || !std::isfinite(error))
      ++found.without_flux;
    else if (counts < *minimum_signal_to_noise * error)
      ++found.faint;
    else if (!(reference > 0.0) || !std::isfinite(reference) ||
             reference_error > *maximum_reference_error)
      ++found.without_reference;
    else {
      found.rows.push_back(row);
      found.zero_points.push_back(2.5 * std::log10(counts * PhotoCalib::ab_zero_njy / reference));
      found.errors.push_back(std::hypot(magnitude_error(counts, error), reference_error));
    }
  }
  return found;
}

ClippedMedian ZeroPoint::median_of(Candidates const& candidates) const {
  if (*clipping == "scatter") return median_within_scatter(candidates.zero_points, *largest_sigma);
  return median_within_errors(candidates.zero_points, candidates.errors,
                              {*error_floor, std::max(*error_floor, *largest_sigma)});
}

void ZeroPoint::check(ClippedMedian const& zero, Candidates const& candidates,
                      std::size_t matched) const {
  if (zero.count < static_cast<std::size_t>(*minimum_stars))
    throw MeasurementError("gate minimum_stars: " + counted(zero.count, "star") + " of " +
                           std::to_string(matched) + (matched == 1 ? " match" : " matches") +
                           (zero.count < candidates.rows.size() ? " after clipping" : "") +
                           ", where the limit is " + std::to_string(*minimum_stars) + " (" +
                           candidates.reasons(bad_) + ")");
  if (!(zero.sigma > no_scatter))
    throw MeasurementError("gate zero scatter: the zero points of " + counted(zero.count, "star") +
                           " are the same to " + fixed(no_scatter, 9) +
                           " mag, which no measurement gives; are the reference magnitudes made "
                           "of these fluxes?");
  if (zero.excess > *maximum_scatter)
    throw MeasurementError("gate maximum_scatter: the zero points of " +
                           counted(zero.count, "star") + " scatter by " + fixed(zero.excess, 4) +
                           " mag" + (*clipping == "errors" ? " beside their errors" : "") +
                           ", where the limit is " + fixed(*maximum_scatter, 4) + " mag");
}

Outcome ZeroPoint::run(Context& context) const {
  Exposure image = context.take(exposure);
  SourceCatalog catalog = context.take(sources);
  catalog.extend(schema_);
  Matches const& pairs = context.get(matches);

  Candidates const candidates = select(catalog, pairs);
  ClippedMedian const zero = candidates.rows.empty() ? ClippedMedian{} : median_of(candidates);
  check(zero, candidates, pairs.pairs.size());

  for (std::size_t row = 0; row < catalog.size(); ++row) catalog.set(row, used_, false);
  for (std::size_t i = 0; i < candidates.rows.size(); ++i)
    catalog.set(candidates.rows[i], used_, bool{zero.kept[i]});
  PhotoCalib calib;
  calib.flux_mag0 = std::pow(10.0, 0.4 * zero.value);
  calib.flux_mag0_error = calib.flux_mag0 * zero.error / magnitudes_per_relative;
  image.photo_calib = calib;
  // The names of the stack, whose MAGZERO is per second of exposure.
  image.metadata.set("MAGZERO", zero.value, "[mag] AB magnitude of 1 adu");
  image.metadata.set("MAGZERO_RMS", zero.sigma, "[mag] scatter of a star");
  image.metadata.set("MAGZERO_NOBJ", static_cast<std::int64_t>(zero.count), "stars that gave it");

  context.record(zero_point, zero.value);
  context.record(zero_point_error, zero.error);
  context.record(scatter, zero.sigma);
  context.record(star_count, static_cast<std::int64_t>(zero.count));
  context.record(candidate_count, static_cast<std::int64_t>(candidates.rows.size()));
  context.log().info("zero point " + fixed(zero.value, 4) + " ± " + fixed(zero.error, 4) +
                     " mag (scatter " + fixed(zero.sigma, 4) + "), " + std::to_string(zero.count) +
                     " of " + counted(candidates.rows.size(), "star") + " (" + *flux + ")");
  context.put(calibrated, std::move(image));
  context.put(used_sources, std::move(catalog));
  return done;
}

}  // namespace photometry
