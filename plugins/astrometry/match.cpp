#include "match.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "almagest/calibration_flags.hpp"
#include "almagest/error.hpp"
#include "almagest/text.hpp"

#include "linear_refit.hpp"

namespace astrometry {
namespace {
using namespace almagest;

constexpr double mas_per_arcsec = 1000.0;
// A scatter below this is none: a catalogue was compared with itself. [arcsec]
constexpr double no_scatter = 1e-5;
// By how much a field turned by exactly the limit may seem to be turned by more. [degree]
constexpr double rotation_slack = 0.02;

/// "+12.3", "-0.4".
std::string with_sign(double value, int digits) {
  return (std::signbit(value) ? "" : "+") + fixed(value, digits);
}

/// Bits that look random, the same for an id at all times (the finaliser of SplitMix64, Steele et
/// al. 2014), as a number 0 … 1.
double hashed(std::int64_t id) {
  auto h = static_cast<std::uint64_t>(id) + 0x9e3779b97f4a7c15U;
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9U;
  h = (h ^ (h >> 27)) * 0x94d049bb133111ebU;
  return static_cast<double>((h ^ (h >> 31)) >> 11) * 0x1p-53;
}

/// The circle about the image's centre that holds its corners.
SkyCircle circle_around(Wcs const& wcs, Box const& box) {
  SkyCircle circle{wcs.pixel_to_sky(centre_of(box)), 0.0};
  for (double const x : {box.x0 - 0.5, box.x1() + 0.5})
    for (double const y : {box.y0 - 0.5, box.y1() + 0.5})
      circle.radius = std::max(circle.radius, separation(circle.centre, wcs.pixel_to_sky({x, y})));
  return circle;
}

/// The objects asked for. \throws MeasurementError when there are none
std::vector<ReferenceObject> load(ReferenceCatalog const& catalog, ReferenceRequest const& request,
                                  Log& log) {
  ReferenceObjects loaded = catalog.load(request);
  if (!loaded.note.empty()) log.info(catalog.name() + ": " + loaded.note);
  if (loaded.objects.empty())
    throw MeasurementError("reference catalogue '" + catalog.name() + "' has no object within " +
                           fixed(request.region.radius / radians_per_degree, 4) + " deg of ra " +
                           fixed(request.region.centre.ra / radians_per_degree, 5) + " dec " +
                           fixed(request.region.centre.dec / radians_per_degree, 5) + " deg");
  return std::move(loaded.objects);
}

/// What was loaded, under the names of the stack's match catalogues.
Header description(ReferenceCatalog const& catalog, ReferenceRequest const& request) {
  Header header;
  header.set("REFCAT", catalog.name(), "reference catalogue");
  header.set("RA", request.region.centre.ra / radians_per_degree,
             "[deg] centre of what was loaded");
  header.set("DEC", request.region.centre.dec / radians_per_degree,
             "[deg] centre of what was loaded");
  header.set("RADIUS", request.region.radius / radians_per_degree, "[deg] its radius");
  header.set("FILTER", request.band, "band of the reference catalogue");
  if (std::isfinite(request.epoch_mjd_tai))
    header.set("EPOCH", request.epoch_mjd_tai, "epoch of the positions, MJD TAI");
  return header;
}

}  // namespace

/// The sources that can be matched, and why others are not good.
struct Match::Selection {
  std::vector<Star> stars;
  std::vector<std::size_t> rows;  // of the stars, by rising id
  std::size_t good = 0;
  std::size_t faint = 0, without_flux = 0, extended = 0, without_position = 0, parents = 0;
  std::vector<std::size_t> flagged;  // by flag

  std::string reasons(std::vector<Flag> const& flags) const {
    std::string text;
    auto const add = [&](std::size_t n, std::string const& why) {
      if (n > 0) text += (text.empty() ? "" : ", ") + std::to_string(n) + " " + why;
    };
    add(without_position, "without a centroid");
    add(parents, "blends");
    for (std::size_t i = 0; i < flags.size(); ++i) add(flagged[i], "with " + flags[i].name);
    add(without_flux, "without a certain flux");
    add(faint, "too faint");
    add(extended, "extended");
    return text.empty() ? "the catalogue is empty" : text;
  }
};

void Match::prepare(Setup& setup) {
  schema_ = setup.schema(sources);
  id_ = schema_.key<std::int64_t>("id");
  ra_ = schema_.key<double>("coord_ra");
  dec_ = schema_.key<double>("coord_dec");
  x_ = schema_.key<double>(*centroid + "_x");
  y_ = schema_.key<double>(*centroid + "_y");
  x_error_ = schema_.find_key<float>(*centroid + "_xErr");
  y_error_ = schema_.find_key<float>(*centroid + "_yErr");
  centroid_flag_ = schema_.find_key<bool>(*centroid + "_flag");
  flux_ = schema_.key<double>(*flux + "_instFlux");
  flux_error_ = schema_.key<double>(*flux + "_instFluxErr");
  flux_flag_ = schema_.find_key<bool>(*flux + "_flag");
  child_count_ = schema_.find_key<std::int32_t>("deblend_nChild");
  extendedness_ = {};
  if (*stars_only)
    extendedness_ = schema_.find_key<double>("base_ClassificationExtendedness_value");
  bad_.clear();
  for (std::string const& name : *bad_flags) bad_.push_back({schema_.key<bool>(name), name});

  used_ = astrometry_used.in(schema_);
  reserved_ = astrometry_reserved.in(schema_);
  setup.declare(matched_sources, schema_);
}

Match::Selection Match::select(SourceCatalog const& catalog) const {
  Selection selection;
  selection.flagged.assign(bad_.size(), 0);
  auto const flagged = [&](std::size_t row, Key<bool> key) {
    return key.valid() && catalog.get(row, key);
  };
  // Whether a source may find the field and enter the fit; counts the first reason why not.
  auto const is_good = [&](std::size_t row, double value) {
    for (std::size_t i = 0; i < bad_.size(); ++i)
      if (catalog.get(row, bad_[i].key)) return ++selection.flagged[i], false;
    double const error = catalog.get(row, flux_error_);
    if (flagged(row, flux_flag_) || !std::isfinite(value) || !(error > 0.0))
      return ++selection.without_flux, false;
    if (!(value > 0.0) || value < *minimum_signal_to_noise * error) return ++selection.faint, false;
    // What is not a number is no star either.
    if (extendedness_.valid() && !(catalog.get(row, extendedness_) < 0.5))
      return ++selection.extended, false;
    return true;
  };

  for (std::size_t row = 0; row < catalog.size(); ++row) selection.rows.push_back(row);
  std::sort(selection.rows.begin(), selection.rows.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(catalog.get(a, id_), a) < std::pair(catalog.get(b, id_), b);
  });
  std::erase_if(selection.rows, [&](std::size_t row) {
    Point const pixel{catalog.get(row, x_), catalog.get(row, y_)};
    if (flagged(row, centroid_flag_) || !std::isfinite(pixel.x) || !std::isfinite(pixel.y))
      return ++selection.without_position, true;
    // Its children stand for it: the position of a blend is no star's.
    if (child_count_.valid() && catalog.get(row, child_count_) > 0)
      return ++selection.parents, true;
    double const value = catalog.get(row, flux_);
    double error = std::numeric_limits<double>::quiet_NaN();
    if (x_error_.valid() && y_error_.valid())
      error = std::hypot(catalog.get(row, x_error_), catalog.get(row, y_error_)) / std::sqrt(2.0);
    selection.stars.push_back({pixel, error, value, is_good(row, value)});
    selection.good += selection.stars.back().good ? 1 : 0;
    return false;
  });
  return selection;
}

ReferenceRequest Match::request(Exposure const& image) const {
  SkyCircle region = circle_around(image.require_wcs(), image.bbox());
  region.radius += (*maximum_shift + *pattern_tolerance) * radians_per_arcsec +
                   *maximum_rotation * radians_per_degree * region.radius;
  std::string band = image.visit_info.band;
  if (auto const entry = filter_map->find(band); entry != filter_map->end()) band = entry->second;
  if (band.empty())
    throw DataError(
        "the exposure does not say its band (visit_info.band), so that no band of the "
        "reference catalogue can be chosen");
  return {region, band, image.visit_info.mid_exposure_mjd_tai};
}

FieldMatchOptions Match::options() const {
  FieldMatchOptions options;
  options.limits = {*maximum_shift, *maximum_rotation * radians_per_degree, *pattern_tolerance};
  options.brightest = static_cast<std::size_t>(*brightest);
  options.clip = *clip;
  options.systematic_error = *systematic_error / mas_per_arcsec;
  options.radius_sigmas = *radius_sigmas;
  options.smallest_radius = *smallest_radius;
  options.row_order = *row_order;
  options.sip_order = *fit == "tan_sip" ? *sip_order : 0;
  return options;
}

bool Match::is_reserved(std::int64_t reference_id) const {
  double const place = hashed(reference_id) - *reserve_from;
  return place - std::floor(place) < *reserve;
}

/// What the stars tell of the given WCS and of the fit.
struct Match::Quality {
  std::size_t good = 0, used = 0;
  Residuals before;  // good stars under the given WCS
  Residuals kept;    // those that the fit used, under the given WCS
  Residuals after;   // … and under the fit, per degree of freedom
  Change moved;      // from the one to the other, at the image's centre

  double scatter() const { return std::max(after.ra_scatter, after.dec_scatter); }
  std::string offset() const {
    return with_sign(before.ra_offset * mas_per_arcsec, 0) + " mas RA, " +
           with_sign(before.dec_offset * mas_per_arcsec, 0) + " mas Dec";
  }
};

Match::Quality Match::judge(FieldMatch const& found, std::span<Star const> stars,
                            std::span<ReferenceObject const> objects, Wcs const& given,
                            Box const& box) const {
  std::vector<WcsControlPoint> good, used;
  for (std::size_t k = 0; k < found.pairs.size(); ++k) {
    Star const& star = stars[found.pairs[k].source];
    WcsControlPoint const point{star.pixel, objects[found.pairs[k].reference].position};
    if (star.good) good.push_back(point);
    if (found.fitted[k]) used.push_back(point);
  }
  Quality quality{good.size(),
                  used.size(),
                  residuals(given, good),
                  residuals(given, used),
                  residuals(found.wcs, used),
                  change(given, found.wcs, centre_of(box))};
  // Each star gives two coordinates; the fit has taken some of their freedom.
  double const coordinates = 2.0 * static_cast<double>(used.size());
  double const free = coordinates - static_cast<double>(found.numbers);
  double const per_freedom =
      free > 0.0 ? std::sqrt(coordinates / free) : std::numeric_limits<double>::quiet_NaN();
  quality.after.ra_scatter *= per_freedom;
  quality.after.dec_scatter *= per_freedom;
  return quality;
}

void Match::check(Quality const& quality, std::size_t good_stars) const {
  auto const refuse = [](std::string const& gate, std::string const& what,
                         std::string const& limit) {
    throw MeasurementError("gate " + gate + ": " + what + ", where the limit is " + limit);
  };
  if (quality.good < static_cast<std::size_t>(*minimum_matches))
    refuse("minimum_matches",
           "only " + std::to_string(quality.good) + " of " + counted(good_stars, "good star") +
               " matched",
           std::to_string(*minimum_matches));
  if (std::isnan(quality.scatter()))
    throw MeasurementError("gate maximum_scatter: " + counted(quality.used, "star") +
                           " leave nothing to judge the fit by");
  if (!(quality.scatter() > no_scatter))
    throw MeasurementError("gate zero scatter: " + counted(quality.used, "star") +
                           " agree with the fit to " + fixed(no_scatter, 5) +
                           " arcsec, which no measurement does; is the reference catalogue made "
                           "of these sources?");
  if (quality.scatter() > *maximum_scatter)
    refuse("maximum_scatter",
           "the fitted stars scatter by " + fixed(quality.scatter(), 3) + " arcsec",
           fixed(*maximum_scatter, 3) + " arcsec");
  // The fit may end a little further off than where the pattern was looked for.
  double const largest_shift = *maximum_shift + *pattern_tolerance;
  if (quality.moved.shift > largest_shift)
    refuse("maximum_shift",
           "the fit shifts the field by " + fixed(quality.moved.shift, 2) + " arcsec",
           fixed(largest_shift, 2) + " arcsec (maximum_shift + pattern_tolerance)");
  double const turned = std::abs(quality.moved.rotation) / radians_per_degree;
  double const largest_turn = *maximum_rotation + rotation_slack;
  if (turned > largest_turn)
    refuse("maximum_rotation", "the fit turns the field by " + fixed(turned, 4) + " deg",
           fixed(largest_turn, 4) + " deg (maximum_rotation + " + fixed(rotation_slack, 2) + ")");
  if (std::abs(quality.moved.scale) > *maximum_scale_change)
    refuse("maximum_scale_change", "the fit changes the scale by " + fixed(quality.moved.scale, 5),
           fixed(*maximum_scale_change, 5));
}

/// The pairs as a product; the flags of the sources are set with them.
Matches Match::matches_of(FieldMatch const& found, Selection const& selection,
                          std::span<ReferenceObject const> objects, Wcs const& wcs,
                          SourceCatalog& catalog) const {
  for (std::size_t row = 0; row < catalog.size(); ++row) {
    catalog.set(row, used_, false);
    catalog.set(row, reserved_, false);
  }
  Matches result;
  for (std::size_t k = 0; k < found.pairs.size(); ++k) {
    IndexPair const pair = found.pairs[k];
    std::size_t const row = selection.rows[pair.source];
    Star const& star = selection.stars[pair.source];
    ReferenceObject const& object = objects[pair.reference];
    bool const fitted = *fit != "none" && found.fitted[k];
    result.pairs.push_back({catalog.get(row, id_), star.pixel, object,
                            separation(wcs.pixel_to_sky(star.pixel), object.position), fitted});
    catalog.set(row, used_, fitted);
    catalog.set(row, reserved_, star.good && is_reserved(object.id));
  }
  return result;
}

void Match::move_sources(SourceCatalog& catalog, Wcs const& wcs) const {
  for (std::size_t row = 0; row < catalog.size(); ++row) {
    Point const pixel{catalog.get(row, x_), catalog.get(row, y_)};
    if (!std::isfinite(pixel.x) || !std::isfinite(pixel.y)) continue;
    SkyPoint const sky = wcs.pixel_to_sky(pixel);
    catalog.set(row, ra_, sky.ra);
    catalog.set(row, dec_, sky.dec);
  }
}

/// The cards of the exposure.
void Match::describe(Header& header, FieldMatch const& found, Quality const& quality) const {
  bool const refit = *fit != "none";
  std::string const rms =
      refit ? "[mas] rms of the fit along " : "[mas] rms from the catalogue along ";
  Residuals const& stored = refit ? quality.after : quality.kept;
  header.set("ASTFIT", refit ? found.model : *fit, "what of the WCS was fitted");
  header.set("ASTMATCH", static_cast<std::int64_t>(found.pairs.size()), "matched sources");
  header.set("ASTNFIT", static_cast<std::int64_t>(refit ? quality.used : 0),
             "stars of the WCS fit");
  header.set("ASTRMSRA", stored.ra_scatter * mas_per_arcsec, rms + "RA");
  header.set("ASTRMSDE", stored.dec_scatter * mas_per_arcsec, rms + "Dec");
}

void Match::report(FieldMatch const& found, Quality const& quality, Context& context) const {
  bool const refit = *fit != "none";
  Residuals const& stored = refit ? quality.after : quality.kept;
  context.record(match_count, static_cast<std::int64_t>(found.pairs.size()));
  context.record(star_count, static_cast<std::int64_t>(quality.good));
  context.record(fit_count, static_cast<std::int64_t>(refit ? quality.used : 0));
  context.record(ra_offset, quality.before.ra_offset * mas_per_arcsec);
  context.record(dec_offset, quality.before.dec_offset * mas_per_arcsec);
  context.record(ra_scatter, stored.ra_scatter * mas_per_arcsec);
  context.record(dec_scatter, stored.dec_scatter * mas_per_arcsec);
  if (refit) {
    context.record(scale_change, quality.moved.scale);
    context.record(rotation, quality.moved.rotation / radians_per_degree);
  }
  context.log().info(std::to_string(found.pairs.size()) + " matches within " +
                     fixed(found.radius, 2) + " arcsec, " + std::to_string(quality.good) +
                     " of them good stars; offset " + quality.offset() + "; " +
                     (refit ? "WCS refit (" + found.model + "): scatter "
                            : "WCS kept; a refit (" + found.model + ") would give: scatter ") +
                     fixed(quality.after.ra_scatter * mas_per_arcsec, 0) + " mas RA, " +
                     fixed(quality.after.dec_scatter * mas_per_arcsec, 0) + " mas Dec of " +
                     counted(quality.used, "star") + ", scale " +
                     with_sign(quality.moved.scale * 1e6, 1) + " ppm, rotation " +
                     with_sign(quality.moved.rotation / radians_per_arcsec, 1) + " arcsec");
  for (std::string const& remark : found.remarks) context.log().warning(remark);
  if (!found.converged)
    context.log().warning("matching and fitting did not settle on the same " +
                          counted(found.pairs.size(), "pair") +
                          ": some stars lie at the limit of what is matched or left out");
  if (!refit && std::hypot(quality.before.ra_offset, quality.before.dec_offset) > *smallest_radius)
    context.log().warning("the WCS is off by " + quality.offset() +
                          " and was left as it is, because fit = 'none'");
}

Outcome Match::run(Context& context) const {
  try {
    match(context);
  } catch (MeasurementError const& why) {
    if (*not_found == "skip") return skip(why.what());
    throw;
  }
  return done;
}

void Match::match(Context& context) const {
  Exposure image = context.take(exposure);
  SourceCatalog catalog = context.take(sources);
  catalog.extend(schema_);
  Wcs const given = image.require_wcs();

  Selection const selection = select(catalog);
  if (selection.good < static_cast<std::size_t>(*minimum_matches))
    throw MeasurementError("gate minimum_matches: " + std::to_string(selection.good) + " of " +
                           counted(catalog.size(), "source") + " are good stars, fewer than " +
                           std::to_string(*minimum_matches) + " (" + selection.reasons(bad_) + ")");

  ReferenceCatalog const& reference = context.get(reference_catalog);
  ReferenceRequest const wanted = request(image);
  std::vector<ReferenceObject> const objects = load(reference, wanted, context.log());
  std::vector<bool> reserved;
  for (ReferenceObject const& object : objects) reserved.push_back(is_reserved(object.id));

  FieldMatch const found =
      match_field(selection.stars, objects, reserved, given, image.bbox(), options());
  Quality const quality = judge(found, selection.stars, objects, given, image.bbox());
  check(quality, selection.good);

  bool const refit = *fit != "none";
  Matches result = matches_of(found, selection, objects, refit ? found.wcs : given, catalog);
  result.metadata = description(reference, wanted);
  if (refit) {
    move_sources(catalog, found.wcs);
    image.wcs = found.wcs;
  }
  image.metadata.set("ASTREFC", reference.name(), "reference catalogue of the astrometry");
  describe(image.metadata, found, quality);
  report(found, quality, context);
  context.put(fitted_exposure, std::move(image));
  context.put(matched_sources, std::move(catalog));
  context.put(matches, std::move(result));
}

}  // namespace astrometry
