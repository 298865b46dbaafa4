#include "host/catalog_comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/geometry.hpp"

namespace almagest {

namespace {

using Kind = ComparedQuantity::Kind;
using Rows = std::vector<std::size_t>;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// The least value that a share of all values does not exceed. Reorders the values.
double quantile_of(std::vector<double>& values, double share) {
  auto const count = static_cast<double>(values.size());
  auto const rank = static_cast<std::ptrdiff_t>(std::ceil(share * count)) - 1;
  std::ranges::nth_element(values, values.begin() + rank);
  return values[static_cast<std::size_t>(rank)];
}

/// Reorders the values. The mean of the middle two when their number is even.
double median_of(std::vector<double>& values) {
  auto const middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 != 0) return *middle;
  return 0.5 * (*middle + *std::max_element(values.begin(), middle));
}

// ---- frames

Rows rows_where(std::size_t count, auto const& wanted) {
  Rows rows;
  for (std::size_t row = 0; row < count; ++row)
    if (wanted(row)) rows.push_back(row);
  return rows;
}

/// Only what was asked for, where the catalogue tells its frames.
ComparedCatalog selected(ComparedCatalog const& catalog, ComparisonOptions const& options) {
  if (catalog.frames.empty() || (!options.run && !options.filter)) return catalog;
  Rows const rows = rows_where(catalog.rows, [&](std::size_t row) {
    FrameKey const& frame = catalog.frames[row];
    return (!options.run || frame.run == *options.run) &&
           (!options.filter || frame.filter == *options.filter);
  });
  if (rows.empty()) throw ConfigError(catalog.file + ": no row is of the run and filter asked for");
  return catalog.subset(rows);
}

/// Leaves out of the keys what one of the catalogues does not tell.
void reduce_to_common(std::vector<FrameKey>& a, std::vector<FrameKey>& b) {
  auto const drop_unknown = [&](std::int64_t FrameKey::*part) {
    auto const unknown = [part](FrameKey const& frame) { return frame.*part < 0; };
    if (std::ranges::none_of(a, unknown) && std::ranges::none_of(b, unknown)) return;
    for (auto* frames : {&a, &b})
      for (FrameKey& frame : *frames) frame.*part = -1;
  };
  drop_unknown(&FrameKey::camcol);
  drop_unknown(&FrameKey::field);
}

using RowsByFrame = std::map<FrameKey, Rows>;

RowsByFrame by_frame(ComparedCatalog const& catalog) {
  RowsByFrame result;
  for (std::size_t row = 0; row < catalog.rows; ++row)
    result[catalog.frames.empty() ? FrameKey{} : catalog.frames[row]].push_back(row);
  return result;
}

std::string list_of(RowsByFrame const& frames) {
  std::string text;
  constexpr std::size_t most = 10;
  std::size_t listed = 0;
  for (auto const& [frame, rows] : frames) {
    if (listed++ == most) return text + fmt::format("; and {} more", frames.size() - most);
    text += (text.empty() ? "" : "; ") + frame.str();
  }
  return text;
}

void require_common_frame(ComparedCatalog const& a, RowsByFrame const& frames_a,
                          ComparedCatalog const& b, RowsByFrame const& frames_b) {
  if (frames_a.empty() || frames_b.empty()) return;
  for (auto const& [frame, rows] : frames_a)
    if (frames_b.contains(frame)) return;
  throw DataError("no frame is common: " + a.file + " has " + list_of(frames_a) + ", " + b.file +
                  " has " + list_of(frames_b));
}

/// Makes a catalogue that does not tell its frames one of the other's only frame.
void adopt_frame(ComparedCatalog& untold, ComparedCatalog const& other) {
  RowsByFrame const frames = by_frame(other);
  if (frames.size() > 1)
    throw DataError(untold.file + " does not tell its frames, and " + other.file + " has " +
                    list_of(frames) + ": choose one with --run and --filter");
  if (!frames.empty()) untold.frames.assign(untold.rows, frames.begin()->first);
}

// ---- numbers

/// Of the first flux that has an error.
std::vector<double> signal_to_noise(ComparedCatalog const& catalog) {
  for (std::string const flux : {"psf", "ap6", "gauss"}) {
    if (!catalog.has({flux, flux + "Err"})) continue;
    auto const value = catalog.number(flux);
    auto const error = catalog.number(flux + "Err");
    std::vector<double> result(catalog.rows);
    for (std::size_t row = 0; row < catalog.rows; ++row) result[row] = value[row] / error[row];
    return result;
  }
  return {};
}

std::vector<CompletenessBin> completeness(std::vector<double> const& ratio,
                                          std::vector<bool> const& found) {
  constexpr double edges[] = {-infinity, 0.0, 5.0, 7.0, 10.0, 20.0, 50.0, infinity};
  std::vector<CompletenessBin> bins;
  for (std::size_t i = 0; i + 1 < std::size(edges); ++i)
    bins.push_back({edges[i], edges[i + 1], 0, 0});
  bins.push_back({nan, nan, 0, 0});
  for (std::size_t row = 0; row < ratio.size(); ++row) {
    auto const bin = std::ranges::find_if(
        bins, [&](CompletenessBin const& each) { return each.contains(ratio[row]); });
    ++bin->rows;
    if (found[row]) ++bin->found;
  }
  return bins;
}

/// Matched rows, and what of them is compared.
class Sampler {
 public:
  explicit Sampler(FrameComparison const& frame)
      : a_(frame.a), b_(frame.b), signal_to_noise_(frame.signal_to_noise), clean_(a_.rows, true) {
    for (char const* flag : {"cflag", "edge", "satC", "interpC"}) leave_out(b_.flag(flag));
    leave_out(a_.flag("cflag"));
  }

  std::vector<ComparedSample> samples() const {
    std::vector<ComparedSample> result;
    result.push_back(sample("all", [](std::size_t) { return true; }));
    if (signal_to_noise_.empty()) return result;
    auto const& ratio = signal_to_noise_;
    auto const add = [&](char const* name, auto const& wanted) {
      result.push_back(
          sample(name, [&](std::size_t row) { return clean_[row] && wanted(row, ratio[row]); }));
    };
    add("SN>20", [](std::size_t, double r) { return r > 20.0; });
    add("10<SN<20", [](std::size_t, double r) { return r > 10.0 && r <= 20.0; });
    add("5<SN<10", [](std::size_t, double r) { return r > 5.0 && r <= 10.0; });
    if (auto const extended = b_.number("ext"); b_.has({"ext"}))
      add("stars SN>50",
          [&](std::size_t row, double r) { return r > 50.0 && extended[row] == 0.0; });
    return result;
  }

 private:
  void leave_out(std::span<std::uint8_t const> flagged) {
    for (std::size_t row = 0; row < flagged.size(); ++row)
      if (flagged[row] != 0) clean_[row] = false;
  }

  ComparedSample sample(char const* name, auto const& wanted) const {
    ComparedSample result{name, 0, {}};
    Rows const rows = rows_where(a_.rows, wanted);
    result.rows = rows.size();
    add_offsets(result, rows);
    add_shares(result, rows);
    return result;
  }

  bool both(char const* name) const { return a_.has({name}) && b_.has({name}); }

  /// A difference, infinite where one catalogue alone has a value.
  static double unless_alone(double a, double b, double difference) {
    return std::isnan(a) == std::isnan(b) ? difference : infinity;
  }

  /// \param value  of a row
  static void add_spread(ComparedSample& sample, char const* name, Kind kind, Rows const& rows,
                         auto const& value) {
    std::vector<double> values;
    values.reserve(rows.size());
    for (std::size_t const row : rows) values.push_back(value(row));
    sample.quantities.push_back({name, kind, spread_of(std::move(values)), 0.0});
  }

  void add_offsets(ComparedSample& sample, Rows const& rows) const {
    for (char const* name : {"psf", "gauss", "ap6", "psfErr", "gaussErr", "ap6Err", "xErr", "yErr",
                             "xx", "yy", "xxErr", "xyErr", "yyErr"}) {
      if (!both(name)) continue;
      auto const a = a_.number(name);
      auto const b = b_.number(name);
      add_spread(sample, name, Kind::ratio, rows,
                 [&](auto row) { return unless_alone(a[row], b[row], a[row] / b[row] - 1.0); });
    }
    if (both("psf") && b_.has({"psfErr"})) {
      auto const a = a_.number("psf");
      auto const b = b_.number("psf");
      auto const error = b_.number("psfErr");
      add_spread(sample, "psfPull", Kind::pull, rows,
                 [&](auto row) { return (a[row] - b[row]) / error[row]; });
    }
    add_difference(sample, "dx", "x", Kind::pixels, rows);
    add_difference(sample, "dy", "y", Kind::pixels, rows);
    add_difference(sample, "dxy", "xy", Kind::square_pixels, rows);  // may be zero: no ratio
    if (both("ra") && both("dec")) add_sky_offsets(sample, rows);
  }

  void add_difference(ComparedSample& sample, char const* name, char const* column, Kind kind,
                      Rows const& rows) const {
    if (!both(column)) return;
    auto const a = a_.number(column);
    auto const b = b_.number(column);
    add_spread(sample, name, kind, rows,
               [&](auto row) { return unless_alone(a[row], b[row], a[row] - b[row]); });
  }

  void add_sky_offsets(ComparedSample& sample, Rows const& rows) const {
    constexpr double mas_per_degree = 3.6e6;
    auto const ra_a = a_.number("ra"), ra_b = b_.number("ra");
    auto const dec_a = a_.number("dec"), dec_b = b_.number("dec");
    add_spread(sample, "dra_mas", Kind::mas, rows, [&](auto row) {
      double const turn = std::remainder(ra_a[row] - ra_b[row], 360.0);
      double const across = turn * std::cos(dec_b[row] * radians_per_degree);
      return unless_alone(ra_a[row], ra_b[row], across * mas_per_degree);
    });
    add_spread(sample, "ddec_mas", Kind::mas, rows, [&](auto row) {
      return unless_alone(dec_a[row], dec_b[row], (dec_a[row] - dec_b[row]) * mas_per_degree);
    });
  }

  /// \param counts  whether a row can tell; \param agrees  whether it agrees
  static void add_share(ComparedSample& sample, std::string name, Rows const& rows,
                        auto const& counts, auto const& agrees) {
    std::size_t all = 0, good = 0;
    for (std::size_t const row : rows) {
      if (!counts(row)) continue;
      ++all;
      if (agrees(row)) ++good;
    }
    double const share = all == 0 ? nan : static_cast<double>(good) / static_cast<double>(all);
    sample.quantities.push_back({std::move(name), Kind::share, {nan, nan, nan, nan}, share});
  }

  void add_shares(ComparedSample& sample, Rows const& rows) const {
    auto const always = [](std::size_t) { return true; };
    if (both("psf")) {
      auto const a = a_.number("psf"), b = b_.number("psf");
      add_share(sample, "psf<1%", rows, always,
                [&](auto row) { return std::abs(a[row] / b[row] - 1.0) < 0.01; });
    }
    if (both("ext")) {
      auto const a = a_.number("ext"), b = b_.number("ext");
      add_share(
          sample, "extAgree", rows,
          [&](auto row) { return std::isfinite(a[row]) && std::isfinite(b[row]); },
          [&](auto row) { return (a[row] > 0.5) == (b[row] > 0.5); });
    }
    for (char const* name : {"cflag", "sflag", "edge", "sat", "satC", "interp", "interpC"}) {
      if (!both(name)) continue;
      auto const a = a_.flag(name), b = b_.flag(name);
      add_share(sample, std::string("agree_") + name, rows, always,
                [&](auto row) { return a[row] == b[row]; });
    }
    for (char const* name : {"parent", "nChild"}) {
      if (!both(name)) continue;
      auto const a = a_.number(name), b = b_.number(name);
      bool const of_family = std::string_view(name) == "parent";  // its id means nothing elsewhere
      add_share(sample, std::string("agree_") + name, rows, always, [&](auto row) {
        return of_family ? (a[row] != 0) == (b[row] != 0) : a[row] == b[row];
      });
    }
  }

  ComparedCatalog const& a_;
  ComparedCatalog const& b_;
  std::vector<double> const& signal_to_noise_;
  std::vector<bool> clean_;  ///< neither flagged nor near trouble
};

FrameComparison compare_frame(FrameKey const& frame, ComparedCatalog const& a,
                              ComparedCatalog const& b, double radius, MatchSpace space) {
  FrameComparison result;
  result.frame = frame;
  result.rows_a = a.rows;
  result.rows_b = b.rows;
  if (!a.ids.empty() && !b.ids.empty()) result.same_ids = a.ids == b.ids;
  std::vector<RowPair> const pairs = match_catalogs(a, b, radius, space);
  Rows rows_a, rows_b;
  std::vector<bool> found(b.rows);
  for (RowPair const& pair : pairs) {
    rows_a.push_back(pair.a);
    rows_b.push_back(pair.b);
    found[pair.b] = true;
  }
  std::vector<double> const ratio = signal_to_noise(b);
  result.completeness = ratio.empty() ? std::vector<CompletenessBin>() : completeness(ratio, found);
  result.a = a.subset(rows_a);
  result.b = b.subset(rows_b);
  result.signal_to_noise = signal_to_noise(result.b);
  result.samples = Sampler(result).samples();
  return result;
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  Spread result{nan, nan, nan, nan};
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return result;
  std::vector<double> magnitudes = values;
  for (double& value : magnitudes) value = std::abs(value);
  result.p97 = quantile_of(magnitudes, 0.97);
  result.worst = std::ranges::max(magnitudes);
  std::erase_if(values, [](double value) { return std::isinf(value); });
  if (values.empty()) return result;
  result.median = median_of(values);
  for (double& value : values) value = std::abs(value - result.median);
  constexpr double gaussian = 1.4826;  // makes it a standard deviation for normal errors
  result.scatter = gaussian * median_of(values);
  return result;
}

bool CompletenessBin::contains(double ratio) const noexcept {
  if (std::isnan(low) || std::isnan(ratio)) return std::isnan(low) && std::isnan(ratio);
  return ratio >= low && (ratio < high || std::isinf(high));
}

std::string CompletenessBin::str() const {
  if (std::isnan(low)) return "unknown";
  if (std::isinf(low)) return fmt::format("< {:g}", high);
  return std::isinf(high) ? fmt::format("≥ {:g}", low) : fmt::format("{:g}–{:g}", low, high);
}

MatchSpace common_space(ComparedCatalog const& a, ComparedCatalog const& b) {
  if (a.has({"x", "y"}) && b.has({"x", "y"})) return MatchSpace::pixels;
  if (a.has({"ra", "dec"}) && b.has({"ra", "dec"})) return MatchSpace::sky;
  auto const known = [](ComparedCatalog const& catalog) {
    return catalog.file + (catalog.has({"x", "y"}) ? " has x and y" : " has ra and dec");
  };
  throw DataError("the catalogues have no position in common: " + known(a) + ", " + known(b) +
                  " (--map tells other names of columns)");
}

std::vector<FrameComparison> compare_catalogs(ComparedCatalog const& all_a,
                                              ComparedCatalog const& all_b,
                                              ComparisonOptions const& options) {
  MatchSpace const space = common_space(all_a, all_b);
  ComparedCatalog a = selected(all_a, options);
  ComparedCatalog b = selected(all_b, options);
  if (a.frames.empty() && !b.frames.empty()) adopt_frame(a, b);
  if (b.frames.empty() && !a.frames.empty()) adopt_frame(b, a);
  reduce_to_common(a.frames, b.frames);
  RowsByFrame const frames_a = by_frame(a), frames_b = by_frame(b);
  require_common_frame(a, frames_a, b, frames_b);
  RowsByFrame frames = frames_a;
  frames.insert(frames_b.begin(), frames_b.end());

  std::vector<FrameComparison> result;
  auto const rows_of = [](RowsByFrame const& all, FrameKey const& frame) {
    auto const found = all.find(frame);
    return found == all.end() ? Rows() : found->second;
  };
  for (auto const& [frame, rows] : frames)
    result.push_back(compare_frame(frame, a.subset(rows_of(frames_a, frame)),
                                   b.subset(rows_of(frames_b, frame)), options.radius, space));
  return result;
}

}  // namespace almagest
