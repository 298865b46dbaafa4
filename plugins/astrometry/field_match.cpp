#include "field_match.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/text.hpp"

#include "linear_refit.hpp"

namespace astrometry {
namespace {
using namespace almagest;

// Stars that a fit wants for each number that it gives.
constexpr std::size_t stars_per_number = 2;
// How many patterns as good as the one found unrelated catalogues may give.
constexpr double tolerable_false_alarm = 0.01;
// Part of the stars of the linear fit that a distortion may lose.
constexpr double tolerable_loss = 0.1;
constexpr int maximum_passes = 20;
constexpr int maximum_rejections = 10;

/// Indices by falling brightness, the unknown last; at most `limit` of them.
template <class Flux>
std::vector<std::size_t> brightest(std::vector<std::size_t> indices, Flux const& flux,
                                   std::size_t limit) {
  auto const brighter = [&](std::size_t a, std::size_t b) {
    bool const known_a = std::isfinite(flux(a)), known_b = std::isfinite(flux(b));
    if (known_a != known_b) return known_a;
    if (known_a && flux(a) != flux(b)) return flux(a) > flux(b);
    return a < b;
  };
  std::sort(indices.begin(), indices.end(), brighter);
  if (indices.size() > limit) indices.resize(limit);
  return indices;
}

/// The field's centre and the plane that touches the sky there.
struct FieldPlane {
  FieldPlane(Wcs const& wcs_, Box const& frame)
      : wcs(wcs_), plane(tangent_plane(wcs_.pixel_to_sky(centre_of(frame)))) {}

  /// Sky → plane; nothing on the other hemisphere.
  std::optional<Point> operator()(SkyPoint sky) const {
    try {
      return plane.sky_to_pixel(sky);
    } catch (DataError const&) {
      return std::nullopt;
    }
  }
  Point operator()(Point pixel) const { return plane.sky_to_pixel(wcs.pixel_to_sky(pixel)); }

  Wcs const& wcs;
  Wcs plane;
};

/// The part of the plane from which a reference object can reach the frame.
struct Reach {
  Point low, high;
  Reach(FieldPlane const& plane, Box const& frame, PatternLimits const& limits) {
    double radius = 0.0;
    for (double const x : {frame.x0 - 0.5, frame.x1() + 0.5})
      for (double const y : {frame.y0 - 0.5, frame.y1() + 0.5}) {
        Point const p = plane(Point{x, y});
        low = {std::min(low.x, p.x), std::min(low.y, p.y)};
        high = {std::max(high.x, p.x), std::max(high.y, p.y)};
        radius = std::max(radius, std::hypot(p.x, p.y));
      }
    double const margin = limits.shift + limits.rotation * radius + limits.tolerance;
    low = {low.x - margin, low.y - margin};
    high = {high.x + margin, high.y + margin};
  }
  bool contains(Point p) const {
    return p.x >= low.x && p.y >= low.y && p.x <= high.x && p.y <= high.y;
  }
  double area() const { return (high.x - low.x) * (high.y - low.y); }
};

Pattern pattern_of(std::span<Star const> stars, std::span<ReferenceObject const> references,
                   FieldPlane const& plane, Box const& frame, FieldMatchOptions const& options) {
  std::vector<std::size_t> good;
  for (std::size_t i = 0; i < stars.size(); ++i)
    if (stars[i].good) good.push_back(i);
  good = brightest(
      std::move(good), [&](std::size_t i) { return stars[i].flux; }, options.brightest);
  std::vector<Point> sources;
  for (std::size_t const i : good) sources.push_back(plane(stars[i].pixel));

  Reach const reach(plane, frame, options.limits);
  std::vector<std::size_t> near;
  std::vector<Point> position(references.size());
  for (std::size_t j = 0; j < references.size(); ++j) {
    std::optional<Point> const p = plane(references[j].position);
    if (!p || !reach.contains(*p)) continue;
    position[j] = *p;
    near.push_back(j);
  }
  near = brightest(
      std::move(near), [&](std::size_t j) { return references[j].flux; }, options.brightest);
  std::vector<Point> objects;
  for (std::size_t const j : near) objects.push_back(position[j]);

  Pattern const best = find_pattern(sources, objects, reach.area(), options.limits);
  if (best.agreeing < 3 || best.false_alarm > tolerable_false_alarm)
    throw MeasurementError(
        "the sources do not look like the reference catalogue: within " +
        fixed(options.limits.shift, 1) + " arcsec and " +
        fixed(options.limits.rotation / radians_per_degree, 2) + " deg at most " +
        std::to_string(best.agreeing) + " of " + counted(sources.size(), "source") +
        " agree with " + counted(objects.size(), "object") + " to " +
        fixed(options.limits.tolerance, 1) + " arcsec, where chance gives " +
        fixed(best.chance, 1) + "; is the WCS further off (maximum_shift, maximum_rotation)?");
  return best;
}

/// Pairs under a WCS.
std::vector<IndexPair> pairs_under(Wcs const& wcs, std::span<Star const> stars,
                                   std::span<ReferenceObject const> references, double radius) {
  Wcs const plane = tangent_plane(wcs.crval());
  // A place where nothing is, for objects that the plane does not hold.
  constexpr double nowhere = 1e12;
  std::vector<Point> sources, objects;
  sources.reserve(stars.size());
  objects.reserve(references.size());
  for (Star const& star : stars)
    sources.push_back(plane.sky_to_pixel(wcs.pixel_to_sky(star.pixel)));
  for (ReferenceObject const& object : references) {
    try {
      objects.push_back(plane.sky_to_pixel(object.position));
    } catch (DataError const&) {
      objects.push_back({nowhere, nowhere});
    }
  }
  return mutual_nearest(sources, objects, radius);
}

struct Fitted {
  Wcs wcs;
  std::string model;
  std::size_t numbers;  // that the model has
};
using Fit = std::function<Fitted(Wcs const& start, std::span<WcsControlPoint const> points)>;

bool enough(std::size_t stars, std::size_t numbers) {
  return stars >= stars_per_number * numbers;
}

/// The richest linear model that so many stars support: 6 numbers and 2 for each power of the row,
/// or 4.
Fitted fit_linear(Wcs const& start, std::span<WcsControlPoint const> points, int row_order) {
  auto const numbers = [](int order) { return static_cast<std::size_t>(4 + 2 * order); };
  while (row_order > 1 && !enough(points.size(), numbers(row_order))) --row_order;
  if (!enough(points.size(), numbers(1)))
    return {refit_linear(start, points, {false, 1}), "similarity", 4};
  return {refit_linear(start, points, {true, row_order}),
          row_order > 1 ? "affine, row order " + std::to_string(row_order) : "affine",
          numbers(row_order)};
}

struct RobustFit {
  Fitted fit;
  std::vector<bool> used;  // which of the points it was made with
  bool settled;            // they are those within the clip
};

/// Fits, rejecting outliers until the same points are kept.
RobustFit fit_robustly(Fit const& fit, Wcs const& start, std::vector<WcsControlPoint> const& points,
                       double clip) {
  std::vector<bool> used(points.size(), true);
  for (int pass = 0;; ++pass) {
    std::vector<WcsControlPoint> kept;
    for (std::size_t i = 0; i < points.size(); ++i)
      if (used[i]) kept.push_back(points[i]);
    Fitted fitted = fit(start, kept);
    std::vector<bool> good = within_clip(fitted.wcs, points, clip);
    bool const settled = good == used;
    if (settled || pass == maximum_rejections) return {std::move(fitted), std::move(used), settled};
    used = std::move(good);
  }
}

/// What a match is made of.
struct Field {
  std::span<Star const> stars;
  std::span<ReferenceObject const> references;
  std::vector<bool> const& reserved;
  FieldMatchOptions const& options;
};

/// Matches and fits in turn until the pairs stay the same.
/// \param found  wcs and radius are where it starts
void converge(FieldMatch& found, Field const& field, Fit const& fit) {
  FieldMatchOptions const& options = field.options;
  std::vector<IndexPair> previous;
  bool settled = false;
  for (int pass = 0; pass < maximum_passes; ++pass) {
    found.pairs = pairs_under(found.wcs, field.stars, field.references, found.radius);
    found.converged = settled && found.pairs == previous;
    if (pass > 0 && found.pairs == previous) break;
    previous = found.pairs;

    std::vector<std::size_t> in_fit;
    std::vector<WcsControlPoint> points;
    for (std::size_t k = 0; k < found.pairs.size(); ++k) {
      Star const& star = field.stars[found.pairs[k].source];
      if (!star.good || field.reserved[found.pairs[k].reference]) continue;
      in_fit.push_back(k);
      points.push_back(control_point(star, field.references[found.pairs[k].reference], found.wcs,
                                     options.systematic_error));
    }
    RobustFit best = fit_robustly(fit, found.wcs, points, options.clip);
    settled = best.settled;
    found.wcs = best.fit.wcs;
    found.model = std::move(best.fit.model);
    found.numbers = best.fit.numbers;
    found.fitted.assign(found.pairs.size(), false);
    for (std::size_t i = 0; i < in_fit.size(); ++i) found.fitted[in_fit[i]] = best.used[i];
    found.scatter = typical_distance(found.wcs, points);
    found.radius = std::clamp(options.radius_sigmas * found.scatter, options.smallest_radius,
                              std::max(options.limits.tolerance, options.smallest_radius));
  }
}

std::size_t fitted_stars(FieldMatch const& match) {
  return static_cast<std::size_t>(std::count(match.fitted.begin(), match.fitted.end(), true));
}

/// How many of the pairs that one fit rests on the other does not find. Both are sorted.
std::size_t lost(FieldMatch const& from, FieldMatch const& to) {
  std::size_t n = 0, i = 0;
  for (std::size_t k = 0; k < from.pairs.size(); ++k) {
    if (!from.fitted[k]) continue;
    while (i < to.pairs.size() && to.pairs[i].source < from.pairs[k].source) ++i;
    n += i < to.pairs.size() && to.pairs[i] == from.pairs[k] ? 0 : 1;
  }
  return n;
}

/// The match under a TAN-SIP of an order, from the linear one.
/// \param why_not  set when there is none: too few stars, or it is not to be trusted
std::optional<FieldMatch> distorted_match(FieldMatch const& linear, Field const& field,
                                          Box const& frame, int order, std::string& why_not) {
  auto const numbers = static_cast<std::size_t>((order + 1) * (order + 2));
  auto const supported = [&](FieldMatch const& match) {
    std::size_t const stars = fitted_stars(match);
    if (enough(stars, numbers)) return true;
    why_not = counted(stars, "star") + ", where its " + std::to_string(numbers) + " numbers want " +
              std::to_string(stars_per_number * numbers);
    return false;
  };
  if (!supported(linear)) return std::nullopt;
  FieldMatch match = linear;
  match.distorted = true;
  try {
    converge(match, field, [&](Wcs const&, std::span<WcsControlPoint const> points) {
      return Fitted{fit_wcs(points, frame, order).wcs, "TAN-SIP of order " + std::to_string(order),
                    numbers};
    });
  } catch (DataError const& error) {
    why_not = error.what();
    return std::nullopt;
  }
  if (!supported(match)) return std::nullopt;
  std::size_t const before = fitted_stars(linear);
  if (std::size_t const gone = lost(linear, match);
      static_cast<double>(gone) > tolerable_loss * static_cast<double>(before)) {
    why_not = "it loses " + std::to_string(gone) + " of the " + counted(before, "star") +
              " that the " + linear.model + " fit rests on";
    return std::nullopt;
  }
  return match;
}

/// Replaces a linear match by that of the highest order that can be trusted, if there is one.
void refine_distortion(FieldMatch& found, Field const& field, Box const& frame) {
  std::vector<std::string> remarks;
  for (int order = field.options.sip_order; order > 1; --order) {
    std::string why_not;
    if (auto match = distorted_match(found, field, frame, order, why_not)) {
      found = std::move(*match);
      break;
    }
    remarks.push_back("no TAN-SIP of order " + std::to_string(order) + ": " + why_not);
  }
  if (!remarks.empty()) remarks.back() += "; the fit is " + found.model;
  found.remarks = std::move(remarks);
}

}  // namespace

WcsControlPoint control_point(Star const& star, ReferenceObject const& reference, Wcs const& wcs,
                              double systematic_error) {
  double variance = systematic_error * systematic_error;  // [arcsec²]
  double const centroid = star.error * wcs.pixel_scale(star.pixel) / radians_per_arcsec;
  double const catalogue = reference.position_error / radians_per_arcsec;
  if (std::isfinite(centroid)) variance += centroid * centroid;
  if (std::isfinite(catalogue)) variance += catalogue * catalogue;
  // Without any known error all stars weigh the same.
  return {star.pixel, reference.position, variance > 0.0 ? 1.0 / variance : 1.0};
}

FieldMatch match_field(std::span<Star const> stars, std::span<ReferenceObject const> references,
                       std::vector<bool> const& reserved, Wcs const& wcs, Box const& frame,
                       FieldMatchOptions const& options) {
  FieldPlane const plane(wcs, frame);
  Pattern const pattern = pattern_of(stars, references, plane, frame, options);

  // The pattern as a WCS: a similarity fitted to the corners of the frame where it puts them.
  std::vector<WcsControlPoint> corners;
  for (double const x : {frame.x0 - 0.5, frame.x1() + 0.5})
    for (double const y : {frame.y0 - 0.5, frame.y1() + 0.5})
      corners.push_back({{x, y}, plane.plane.pixel_to_sky(pattern(plane(Point{x, y})))});
  FieldMatch found{pattern, refit_linear(wcs, corners, {false, 1})};
  found.radius = options.limits.tolerance;

  Field const field{stars, references, reserved, options};
  converge(found, field, [&](Wcs const& start, std::span<WcsControlPoint const> points) {
    return fit_linear(start, points, options.row_order);
  });
  if (options.sip_order > 1) refine_distortion(found, field, frame);
  if (!found.distorted && options.row_order > 1) found.wcs = with_reverse(found.wcs, frame);
  return found;
}

}  // namespace astrometry
