#include "host/comparison_figure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <numbers>

#include "almagest/geometry.hpp"
#include "almagest/text.hpp"

namespace almagest {

namespace {

using Frames = std::vector<FrameComparison>;

constexpr Colour summary{0.1, 0.12, 0.16};
constexpr Colour summary_band{0.1, 0.12, 0.16, 0.13};
constexpr Colour zero{0.35, 0.38, 0.42};

/// The colours by which Rubin's plots tell the bands, for people who do not see all of them; for
/// other filters a few more.
Colour colour_of(FrameKey const& frame, std::size_t number) {
  constexpr double opacity = 0.55;
  constexpr std::pair<std::string_view, Colour> bands[] = {
      {"u", {0.05, 0.44, 1.00, opacity}}, {"g", {0.18, 0.63, 0.28, opacity}},
      {"r", {0.78, 0.11, 0.00, opacity}}, {"i", {0.93, 0.62, 0.00, opacity}},
      {"z", {0.85, 0.18, 0.56, opacity}}, {"y", {0.36, 0.00, 0.00, opacity}}};
  constexpr Colour others[] = {{0.16, 0.40, 0.68, opacity},
                               {0.80, 0.36, 0.14, opacity},
                               {0.22, 0.55, 0.45, opacity},
                               {0.50, 0.33, 0.62, opacity}};
  for (auto const& [band, colour] : bands)
    if (frame.filter == band) return colour;
  return others[number % std::size(others)];
}

/// Where p of the values lie below.
double quantile(std::vector<double> values, double p) {
  if (values.empty()) return 0.0;
  auto const rank = static_cast<std::ptrdiff_t>(p * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + rank, values.end());
  return values[static_cast<std::size_t>(rank)];
}

/// An axis about 0 that has room for nearly all values.
Axis symmetric_axis(std::string label, std::vector<double> values) {
  constexpr double shown = 0.97;
  constexpr double room = 1.25;
  for (double& value : values) value = std::abs(value);
  double const reach = quantile(std::move(values), shown) * room;
  double const half = reach > 0.0 ? reach : 1.0;
  return {std::move(label), -half, half, false, {}};
}

/// Whole decades about the values that are positive.
Axis decades_axis(std::string label, std::vector<double> values, double low_share) {
  std::erase_if(values, [](double value) { return !(value > 0.0); });
  if (values.empty()) return {std::move(label), 1e-3, 1.0, true, {}};
  double const low = std::floor(std::log10(quantile(values, low_share)));
  double const high = std::ceil(std::log10(quantile(values, 1.0)) + 1e-9);
  return {
      std::move(label), std::pow(10.0, low), std::pow(10.0, std::max(high, low + 1.0)), true, {}};
}

/// From the lowest to the highest ratio, with a little room.
Axis signal_to_noise_axis(Frames const& frames) {
  double low = 1e9, high = 0.0;
  for (FrameComparison const& frame : frames)
    for (double const ratio : frame.signal_to_noise) {
      if (!(ratio > 0.0) || !std::isfinite(ratio)) continue;
      low = std::min(low, ratio);
      high = std::max(high, ratio);
    }
  constexpr double least = 1.0;  // fainter ones tell nothing, and there are few
  if (!(high > least)) return {"S/N in B", 1.0, 1000.0, true, {}};
  return {"S/N in B", 0.85 * std::max(low, least), 1.25 * high, true, {}};
}

/// A quantity of every matched row, against its signal-to-noise ratio.
struct AgainstNoise {
  std::vector<Marks> marks;    ///< frame by frame
  std::vector<double> values;  ///< of all of them
  std::vector<Point> points;
};

using RowValue = std::function<double(FrameComparison const&, std::size_t row)>;

AgainstNoise against_noise(Frames const& frames, RowValue const& value) {
  AgainstNoise result;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    Marks marks{Marks::Style::dots, colour_of(frames[i].frame, i), {}};
    for (std::size_t row = 0; row < frames[i].signal_to_noise.size(); ++row) {
      Point const point{frames[i].signal_to_noise[row], value(frames[i], row)};
      if (!(point.x > 0.0) || !std::isfinite(point.x) || !std::isfinite(point.y)) continue;
      marks.points.push_back(point);
      result.values.push_back(point.y);
      result.points.push_back(point);
    }
    result.marks.push_back(std::move(marks));
  }
  return result;
}

/// Median and scatter in steps of the signal-to-noise ratio, where enough rows tell them.
void add_running_median(Panel& panel, std::vector<Point> const& points) {
  constexpr int steps = 12;
  constexpr std::size_t enough = 8;
  double const low = std::log10(panel.x.low);
  double const width = (std::log10(panel.x.high) - low) / steps;
  Marks median{Marks::Style::line, summary, {}};
  Marks band{Marks::Style::band, summary_band, {}};
  std::vector<Point> lower;
  for (int step = 0; step < steps; ++step) {
    std::vector<double> values;
    for (Point const& point : points)
      if (std::floor((std::log10(point.x) - low) / width) == step) values.push_back(point.y);
    if (values.size() < enough) continue;
    Spread const spread = spread_of(std::move(values));
    double const x = std::pow(10.0, low + (step + 0.5) * width);
    median.points.push_back({x, spread.median});
    band.points.push_back({x, spread.median + spread.scatter});
    lower.push_back({x, spread.median - spread.scatter});
  }
  band.points.insert(band.points.end(), lower.rbegin(), lower.rend());
  panel.marks.push_back(std::move(band));
  panel.marks.push_back(std::move(median));
}

Marks zero_line(Axis const& x) {
  return {Marks::Style::dashes, zero, {{x.low, 0.0}, {x.high, 0.0}}};
}

Panel ratio_panel(Frames const& frames, std::string title, RowValue const& value) {
  AgainstNoise drawn = against_noise(frames, value);
  Panel panel;
  panel.title = std::move(title);
  panel.x = signal_to_noise_axis(frames);
  panel.y = symmetric_axis("A / B − 1", drawn.values);
  panel.marks = std::move(drawn.marks);
  panel.marks.push_back(zero_line(panel.x));
  add_running_median(panel, drawn.points);
  return panel;
}

// ---- positions

/// A − B of a row: pixels, or milliarcseconds on the sky.
Point offset_of(FrameComparison const& frame, std::size_t row, MatchSpace space) {
  auto const difference = [&](char const* name) {
    return frame.a.number(name)[row] - frame.b.number(name)[row];
  };
  if (space == MatchSpace::pixels) return {difference("x"), difference("y")};
  constexpr double mas_per_degree = 3.6e6;
  double const dec = frame.b.number("dec")[row] * radians_per_degree;
  return {std::remainder(difference("ra"), 360.0) * std::cos(dec) * mas_per_degree,
          difference("dec") * mas_per_degree};
}

std::string offset_unit(MatchSpace space) {
  return space == MatchSpace::pixels ? " [pixel]" : " [mas]";
}

Panel distance_panel(Frames const& frames, MatchSpace space) {
  AgainstNoise drawn = against_noise(frames, [&](auto const& frame, std::size_t row) {
    Point const offset = offset_of(frame, row, space);
    return std::hypot(offset.x, offset.y);
  });
  Panel panel;
  panel.title = "Distance of matched positions";
  panel.x = signal_to_noise_axis(frames);
  panel.y = decades_axis("distance" + offset_unit(space), drawn.values, 0.02);
  panel.marks = std::move(drawn.marks);
  for (Marks& marks : panel.marks)  // the same place: a triangle at the lower end
    for (Point& point : marks.points) point.y = std::max(point.y, 0.1 * panel.y.low);
  return panel;
}

Panel offsets_panel(Frames const& frames, MatchSpace space) {
  Panel panel;
  std::vector<double> dx, dy;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    Marks marks{Marks::Style::dots, colour_of(frames[i].frame, i), {}};
    for (std::size_t row = 0; row < frames[i].a.rows; ++row) {
      Point const offset = offset_of(frames[i], row, space);
      if (!std::isfinite(offset.x) || !std::isfinite(offset.y)) continue;
      marks.points.push_back(offset);
      dx.push_back(offset.x);
      dy.push_back(offset.y);
    }
    panel.marks.push_back(std::move(marks));
  }
  bool const pixels = space == MatchSpace::pixels;
  Spread const across = spread_of(dx), up = spread_of(dy);
  dx.insert(dx.end(), dy.begin(), dy.end());
  panel.title = "Position offsets, A − B";
  panel.x = symmetric_axis((pixels ? "x" : "RA cos Dec") + offset_unit(space), std::move(dx));
  panel.y = panel.x;
  panel.y.label = (pixels ? "y" : "Dec") + offset_unit(space);
  panel.square = true;
  for (Marks& marks : panel.marks)
    std::erase_if(marks.points, [&](Point const& p) { return std::abs(p.x) > panel.x.high; });
  Marks ellipse{Marks::Style::line, summary, {}};
  constexpr int corners = 72;
  for (int i = 0; i <= corners && !std::isnan(across.median); ++i) {
    double const angle = 2.0 * std::numbers::pi * i / corners;
    ellipse.points.push_back({across.median + across.scatter * std::cos(angle),
                              up.median + up.scatter * std::sin(angle)});
  }
  panel.marks.push_back(std::move(ellipse));
  if (!std::isnan(across.median))
    panel.marks.push_back({Marks::Style::crosses, summary, {{across.median, up.median}}});
  return panel;
}

// ---- completeness

Panel completeness_panel(Frames const& frames) {
  std::vector<CompletenessBin> bins;
  for (FrameComparison const& frame : frames) {
    if (bins.empty()) {
      bins = frame.completeness;
      continue;
    }
    for (std::size_t i = 0; i < frame.completeness.size(); ++i) {
      bins[i].rows += frame.completeness[i].rows;
      bins[i].found += frame.completeness[i].found;
    }
  }
  std::erase_if(bins, [](CompletenessBin const& bin) {  // negative and unknown ratios are rare
    return bin.rows == 0 && !std::isfinite(bin.low);
  });
  Panel panel;
  panel.title = "Rows of B, and how many A has too";
  Marks all{Marks::Style::bars, {0.80, 0.82, 0.86}, {}};
  Marks found{Marks::Style::bars, {0.25, 0.45, 0.65}, {}};
  double most = 1.0;
  for (std::size_t i = 0; i < bins.size(); ++i) {
    auto const x = static_cast<double>(i);
    auto const rows = static_cast<double>(bins[i].rows);
    most = std::max(most, rows);
    all.points.push_back({x, rows});
    found.points.push_back({x, static_cast<double>(bins[i].found)});
    panel.x.names.emplace_back(x, bins[i].str());
    if (bins[i].rows != 0)
      panel.notes.push_back(
          {{x, rows}, fmt::format("{:.4g} %", 100.0 * static_cast<double>(bins[i].found) / rows)});
  }
  panel.x.label = "S/N in B";
  panel.x.low = -0.6;
  panel.x.high = static_cast<double>(bins.size()) - 0.4;
  panel.y = {"rows", 0.0, 1.15 * most, false, {}};
  panel.marks = {std::move(all), std::move(found)};
  return panel;
}

bool all_have(Frames const& frames, std::initializer_list<std::string_view> names) {
  return std::ranges::all_of(frames, [&](FrameComparison const& frame) {
    return frame.a.has(names) && frame.b.has(names);
  });
}

/// The shortest ends of two paths that differ; the file names where the paths are the same.
std::pair<std::string, std::string> distinct_names(std::filesystem::path a,
                                                   std::filesystem::path b) {
  std::filesystem::path end_a = a.filename(), end_b = b.filename();
  if (a == b) return {end_a.string(), end_b.string()};
  while (end_a == end_b) {
    a = a.parent_path();
    b = b.parent_path();
    if (a.has_filename()) end_a = a.filename() / end_a;
    if (b.has_filename()) end_b = b.filename() / end_b;
    if (!a.has_filename() && !b.has_filename()) break;
  }
  return {end_a.string(), end_b.string()};
}

}  // namespace

Figure comparison_figure(Frames const& frames, double radius, MatchSpace space) {
  Figure figure;
  std::size_t rows_a = 0, rows_b = 0, matched = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    FrameComparison const& frame = frames[i];
    rows_a += frame.rows_a;
    rows_b += frame.rows_b;
    matched += frame.a.rows;
    std::string const name = frame.frame.filter.empty() ? frame.frame.str() : frame.frame.filter;
    constexpr std::size_t most_entries = 8;
    if (frames.size() <= most_entries)
      figure.legend.emplace_back(fmt::format("{} ({})", name, frame.a.rows),
                                 colour_of(frame.frame, i));
  }
  auto const [name_a, name_b] = distinct_names(frames.front().a.file, frames.front().b.file);
  figure.title = fmt::format("A: {}   B: {}", name_a, name_b);
  figure.subtitle = fmt::format(
      "{} in A, {} in B, {} matched within {:g} {}; line and band: median and "
      "1.4826 MAD; triangles: beyond the axis",
      counted(rows_a, "row"), rows_b, matched, radius,
      space == MatchSpace::pixels ? "pixel" : "arcsec");
  auto const ratio_of = [](char const* name) {
    return [name](FrameComparison const& frame, std::size_t row) {
      return frame.a.number(name)[row] / frame.b.number(name)[row] - 1.0;
    };
  };
  bool const noise = std::ranges::any_of(
      frames, [](FrameComparison const& frame) { return !frame.signal_to_noise.empty(); });
  if (noise && all_have(frames, {"psf"}))
    figure.panels.push_back(ratio_panel(frames, "PSF flux", ratio_of("psf")));
  if (noise && all_have(frames, {"ap6"}))
    figure.panels.push_back(ratio_panel(frames, "Flux in 6 pixels radius", ratio_of("ap6")));
  if (noise && all_have(frames, {"xx", "yy"}))
    figure.panels.push_back(
        ratio_panel(frames, "Size √((xx + yy)/2)", [](FrameComparison const& f, std::size_t row) {
          return std::sqrt((f.a.number("xx")[row] + f.a.number("yy")[row]) /
                           (f.b.number("xx")[row] + f.b.number("yy")[row])) -
                 1.0;
        }));
  if (noise) figure.panels.push_back(distance_panel(frames, space));
  figure.panels.push_back(offsets_panel(frames, space));
  if (noise) figure.panels.push_back(completeness_panel(frames));
  figure.columns = static_cast<int>(std::min<std::size_t>(figure.panels.size(), 3));
  return figure;
}

}  // namespace almagest
