#include "host/blend_figure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "almagest/error.hpp"

namespace almagest {

namespace {

constexpr Colour outline{0.10, 0.35, 0.75, 0.8};
constexpr Colour peak_mark{0.85, 0.15, 0.10, 0.9};

/// The source's pixels, NaN elsewhere.
Image<float> pixels_of(Footprint const& footprint, Box const& box) {
  Image<float> image(box);
  std::ranges::fill(image.pixels(), std::numeric_limits<float>::quiet_NaN());
  std::size_t next = 0;
  for (Span const& span : footprint.spans())
    for (int x = span.x0; x <= span.x1; ++x, ++next)
      if (box.contains(x, span.y)) image.at({x, span.y}) = footprint.values()[next];
  return image;
}

/// NaN counts as nothing, unless both are.
void add(Image<float>& sum, Image<float> const& part) {
  auto const to = sum.pixels();
  auto const from = part.pixels();
  for (std::size_t i = 0; i < to.size(); ++i)
    if (!std::isnan(from[i])) to[i] = std::isnan(to[i]) ? from[i] : to[i] + from[i];
}

Image<float> without(Image<float> image, Image<float> const& light) {
  auto const to = image.pixels();
  auto const from = light.pixels();
  for (std::size_t i = 0; i < to.size(); ++i)
    if (!std::isnan(from[i])) to[i] -= from[i];
  return image;
}

/// Where a footprint ends inside a box: two points per edge between a pixel of it and one that is
/// not.
Marks outline_of(Footprint const& footprint, Box const& box) {
  Marks marks{Marks::Style::segments, outline, {}};
  auto const edge = [&](Point from, Point to) {
    marks.points.push_back(from);
    marks.points.push_back(to);
  };
  for (Span const& span : footprint.spans()) {
    if (span.y < box.y0 || span.y > box.y1()) continue;
    double const low = span.y - 0.5, high = span.y + 0.5;
    edge({span.x0 - 0.5, low}, {span.x0 - 0.5, high});
    edge({span.x1 + 0.5, low}, {span.x1 + 0.5, high});
    int const last = std::min(span.x1, box.x1());
    for (int x = std::max(span.x0, box.x0); x <= last; ++x) {
      if (!footprint.contains({x, span.y - 1})) edge({x - 0.5, low}, {x + 0.5, low});
      if (!footprint.contains({x, span.y + 1})) edge({x - 0.5, high}, {x + 0.5, high});
    }
  }
  return marks;
}

/// How the noise compares with the brightest pixel, for one grey scale over all panels.
struct Stretch {
  double noise = 1.0;
  double brightest = 1.0;

  /// Linear in the noise, logarithmic in the light; dark is bright.
  Greys light(Image<float> image) const {
    auto const level = [&](double value) { return std::asinh(value / (2.0 * noise)); };
    for (float& pixel : image.pixels()) pixel = static_cast<float>(level(pixel));
    return {std::move(image), level(brightest), level(-2.0 * noise)};
  }
  /// Within five times the noise.
  Greys residual(Image<float> image) const { return {std::move(image), 5.0 * noise, -5.0 * noise}; }
};

Stretch stretch_of(Exposure const& exposure, Box const& box) {
  Image<float> const variance = exposure.variance().cutout(box);
  std::vector<float> sorted;
  for (float const v : variance.pixels())
    if (std::isfinite(v) && v > 0) sorted.push_back(v);
  Stretch stretch;
  if (!sorted.empty()) {
    auto const middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    stretch.noise = std::sqrt(double{*middle});
  }
  stretch.brightest = 10.0 * stretch.noise;
  Image<float> const image = exposure.image().cutout(box);
  for (float const v : image.pixels())
    if (std::isfinite(v)) stretch.brightest = std::max(stretch.brightest, double{v});
  return stretch;
}

Panel image_panel(std::string title, Greys greys) {
  Box const& box = greys.pixels.bbox();
  Panel panel;
  panel.title = std::move(title);
  panel.x = {"x [pixel]", box.x0 - 0.5, box.x1() + 0.5, false, {}};
  panel.y = {"y [pixel]", box.y0 - 0.5, box.y1() + 0.5, false, {}};
  panel.square = true;
  panel.image = std::move(greys);
  return panel;
}

void add_peaks(Panel& panel, Footprint const& footprint, std::string const& name) {
  for (Peak const& peak : footprint.peaks()) {
    Point const at{static_cast<double>(peak.pixel.x), static_cast<double>(peak.pixel.y)};
    panel.marks.push_back({Marks::Style::crosses, peak_mark, {at}});
    panel.notes.push_back({at, name});
  }
}

/// Ids count the sources of an exposure in their lowest bits (first_source_id()). How many these
/// are the files do not tell; ids that hold nothing else are of any exposure.
void require_own_exposure(std::int64_t source, Exposure const& exposure) {
  constexpr int fewest_bits = 20, most_bits = 26;
  std::int64_t const own = exposure.visit_info.exposure_id;
  if (own <= 0 || source >> most_bits <= 0) return;
  for (int bits = fewest_bits; bits <= most_bits; ++bits)
    if (source >> bits == own) return;
  throw DataError(fmt::format("source {} is of the exposure {}, but this one is {}", source,
                              source >> most_bits, own));
}

std::string child_title(SourceCatalog const& catalog, std::size_t row, std::size_t number) {
  auto const set = [&](char const* flag) {
    Key<bool> const key = catalog.schema().find_key<bool>(flag);
    return key.valid() && catalog.get(row, key);
  };
  std::string title = fmt::format("Child {}", number);
  if (set("deblend_deblendedAsPsf")) title += ", as PSF";
  if (set("deblend_rampedTemplate")) title += ", ramped";
  if (catalog.footprint(row)->area() == 0) title += ", without light";
  return title;
}

}  // namespace

std::optional<std::size_t> row_of(SourceCatalog const& catalog, std::int64_t id) {
  auto const ids = catalog.column(catalog.schema().key<std::int64_t>("id"));
  auto const found = std::ranges::find(ids, id);
  if (found == ids.end()) return std::nullopt;
  return static_cast<std::size_t>(found - ids.begin());
}

std::vector<std::size_t> children_of(SourceCatalog const& catalog, std::size_t parent) {
  std::int64_t const id = catalog.get(parent, catalog.schema().key<std::int64_t>("id"));
  auto const parents = catalog.column(catalog.schema().key<std::int64_t>("parent"));
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < parents.size(); ++row)
    if (parents[row] == id) rows.push_back(row);
  return rows;
}

std::optional<std::size_t> blend_to_draw(SourceCatalog const& catalog) {
  std::map<std::int64_t, std::size_t> children;
  for (std::int64_t const parent : catalog.column(catalog.schema().key<std::int64_t>("parent")))
    if (parent != 0) ++children[parent];
  auto const rank = [](auto const& counted) {
    auto const count = static_cast<std::ptrdiff_t>(counted.second);
    return count <= static_cast<std::ptrdiff_t>(most_children_drawn) ? count : -count;
  };
  auto const best = std::ranges::max_element(children, {}, rank);
  return best == children.end() ? std::nullopt : row_of(catalog, best->first);
}

Figure blend_figure(Exposure const& exposure, SourceCatalog const& catalog, std::size_t parent) {
  std::int64_t const id = catalog.get(parent, catalog.schema().key<std::int64_t>("id"));
  require_own_exposure(id, exposure);
  std::vector<std::size_t> const children = children_of(catalog, parent);
  if (children.empty()) throw DataError(fmt::format("source {} has no children", id));
  auto const usable = [&](std::size_t row) {
    auto const& footprint = catalog.footprint(row);
    return footprint && footprint->values().size() == static_cast<std::size_t>(footprint->area());
  };
  if (!catalog.footprint(parent) || !std::ranges::all_of(children, usable))
    throw DataError(fmt::format("the catalogue holds no pixels of the children of source {}", id));

  Footprint const& whole = *catalog.footprint(parent);
  constexpr int margin = 5;
  Box const box = intersection(whole.bbox().grown(margin), exposure.bbox());
  if (box.empty()) throw DataError(fmt::format("source {} is not in the exposure", id));
  Stretch const stretch = stretch_of(exposure, box);
  Image<float> const image = exposure.image().cutout(box);
  Image<float> sum(box);
  std::ranges::fill(sum.pixels(), std::numeric_limits<float>::quiet_NaN());
  for (std::size_t const row : children) add(sum, pixels_of(*catalog.footprint(row), box));

  Figure figure;
  figure.title = fmt::format("Source {}: {} children", id, children.size());
  figure.subtitle = fmt::format(
      "{}; lines: footprints; the darkest pixel has {:.4g} adu, the noise is {:.2g} adu",
      exposure.id.str(), stretch.brightest, stretch.noise);
  figure.panels.push_back(image_panel("Parent", stretch.light(image)));
  figure.panels.push_back(image_panel("Sum of the children", stretch.light(sum)));
  figure.panels.push_back(
      image_panel("What they leave, −5 to 5 σ", stretch.residual(without(image, sum))));
  for (Panel& panel : figure.panels) panel.marks.push_back(outline_of(whole, box));
  for (std::size_t i = 0; i < children.size(); ++i) {
    Footprint const& child = *catalog.footprint(children[i]);
    std::string const name = std::to_string(i + 1);
    add_peaks(figure.panels[0], child, name);
    if (i >= most_children_drawn) continue;
    figure.panels.push_back(image_panel(child_title(catalog, children[i], i + 1),
                                        stretch.light(pixels_of(child, box))));
    figure.panels.back().marks.push_back(outline_of(child, box));
    add_peaks(figure.panels.back(), child, name);
  }
  return figure;
}

}  // namespace almagest
