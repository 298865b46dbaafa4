#include "host/camera_figure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "almagest/statistics.hpp"

namespace almagest {

namespace {

constexpr Colour data_colour{0.10, 0.45, 0.85};
constexpr Colour prescan_colour{0.90, 0.55, 0.00};
constexpr Colour serial_colour{0.05, 0.60, 0.25};
constexpr Colour parallel_colour{0.65, 0.20, 0.70};
constexpr Colour corner_colour{0.90, 0.10, 0.10};
constexpr double tint = 0.16;     // opacity of a section's area
constexpr int drawn_side = 900;   // pixels of a panel's longer side, after binning
constexpr int edge_columns = 12;  // shown on either side of where the overscan begins

/// Means of a frame's pixels in squares.
class Bins {
 public:
  Bins(int width, int height)
      : side_(std::max(1, (std::max(width, height) + drawn_side - 1) / drawn_side)),
        sum_((width + side_ - 1) / side_, (height + side_ - 1) / side_),
        count_(sum_.bbox()) {}

  void add(int x, int y, float value) {
    if (!std::isfinite(value)) return;
    sum_(x / side_, y / side_) += value;
    count_(x / side_, y / side_) += 1.0f;
  }
  /// White where nothing was added; the grey scale leaves out the highest and lowest percents.
  Greys greys() const {
    constexpr double tail = 0.01;
    Greys greys{sum_, 0.0, 1.0, side_};
    std::vector<float> means;
    auto const pixels = greys.pixels.pixels();
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      float const count = count_.pixels()[i];
      pixels[i] = count > 0 ? pixels[i] / count : std::numeric_limits<float>::quiet_NaN();
      if (count > 0) means.push_back(pixels[i]);
    }
    if (means.empty()) return greys;
    greys.black = quantile(std::span(means), tail);
    greys.white = std::max(quantile(std::span(means), 1.0 - tail), greys.black + 1.0);
    return greys;
  }

 private:
  int side_;
  Image<float> sum_;
  Image<float> count_;
};

float overscan_level(Image<float> const& image, Amplifier const& amplifier) {
  std::vector<float> values;
  Box const box = intersection(amplifier.raw_serial_overscan, image.bbox());
  for (int y = box.y0; y < box.y0 + box.height; ++y)
    for (int x = box.x0; x < box.x0 + box.width; ++x)
      if (std::isfinite(image(x, y))) values.push_back(image(x, y));
  return values.empty() ? 0.0f : static_cast<float>(quantile(std::span(values), 0.5));
}

// ---- marks

std::vector<Point> corners(Box const& box, Pixel at) {
  double const left = at.x + box.x0 - 0.5, right = left + box.width;
  double const bottom = at.y + box.y0 - 0.5, top = bottom + box.height;
  return {{left, bottom}, {right, bottom}, {right, top}, {left, top}, {left, bottom}};
}

/// Thin lines: overscans are a few pixels wide.
void add_outline(Panel& panel, Box const& box, Pixel at, Colour colour) {
  std::vector<Point> const path = corners(box, at);
  Marks marks{Marks::Style::segments, colour, {}};
  for (std::size_t i = 0; i + 1 < path.size(); ++i)
    marks.points.insert(marks.points.end(), {path[i], path[i + 1]});
  panel.marks.push_back(std::move(marks));
}

void add_section(Panel& panel, Box const& box, Pixel at, Colour colour) {
  if (box.empty()) return;
  add_outline(panel, box, at, colour);
  colour.opacity = tint;
  panel.marks.push_back({Marks::Style::band, colour, corners(box, at)});
}

/// A square in a corner of a box, as large as a share of the panel.
void add_read_corner(Panel& panel, Box const& box, Pixel at, ReadCorner corner) {
  int const side = std::max(1, static_cast<int>(0.013 * (panel.x.high - panel.x.low)));
  bool const right = corner == ReadCorner::lower_right || corner == ReadCorner::upper_right;
  bool const top = corner == ReadCorner::upper_left || corner == ReadCorner::upper_right;
  Box const mark{right ? box.x0 + box.width - side : box.x0,
                 top ? box.y0 + box.height - side : box.y0, side, side};
  panel.marks.push_back({Marks::Style::band, corner_colour, corners(mark, at)});
}

Panel pixel_panel(std::string title, int width, int height) {
  Panel panel;
  panel.title = std::move(title);
  panel.x = {"x [pixel]", -0.5, width - 0.5, false, {}};
  panel.y = {"y [pixel]", -0.5, height - 0.5, false, {}};
  panel.square = true;
  return panel;
}

// ---- the panels

/// Where each channel is drawn: rows of equal cells, so many that the whole is most like a square.
struct Sheet {
  explicit Sheet(RawExposure const& raw) {
    constexpr double gap = 0.06;  // of a cell
    for (RawExposure::Channel const& channel : raw.channels) {
      cell_width = std::max(cell_width, channel.image.width());
      cell_height = std::max(cell_height, channel.image.height());
    }
    int const space = std::max(1, static_cast<int>(gap * std::min(cell_width, cell_height)));
    cell_width += space;
    cell_height += space;
    auto const count = static_cast<int>(raw.channels.size());
    double best = std::numeric_limits<double>::infinity();
    for (int tried = 1; tried <= count; ++tried) {
      int const rows = (count + tried - 1) / tried;
      double const shape = std::abs(std::log(double(tried * cell_width) / (rows * cell_height)));
      if (shape < best) {
        best = shape;
        columns = tried;
        width = tried * cell_width - space;
        height = rows * cell_height - space;
      }
    }
  }
  /// The first channel stands at the lower left.
  Pixel place(std::size_t channel) const {
    auto const i = static_cast<int>(channel);
    return {i % columns * cell_width, i / columns * cell_height};
  }

  int cell_width = 0, cell_height = 0, columns = 1, width = 1, height = 1;
};

Panel raw_panel(RawExposure const& raw) {
  Sheet const sheet(raw);
  Panel panel = pixel_panel("As read out, channel by channel", sheet.width, sheet.height);
  Bins bins(sheet.width, sheet.height);
  for (std::size_t i = 0; i < raw.channels.size(); ++i) {
    Image<float> const& image = raw.channels[i].image;
    Amplifier const& amplifier = raw.amplifier(i);
    Pixel const at = sheet.place(i);
    float const level = overscan_level(image, amplifier);
    for (int y = 0; y < image.height(); ++y)
      for (int x = 0; x < image.width(); ++x) bins.add(at.x + x, at.y + y, image(x, y) - level);
    add_section(panel, amplifier.raw_prescan, at, prescan_colour);
    add_section(panel, amplifier.raw_serial_overscan, at, serial_colour);
    add_section(panel, amplifier.raw_parallel_overscan, at, parallel_colour);
    add_section(panel, amplifier.raw_data, at, data_colour);
    add_read_corner(panel, amplifier.raw_data, at,
                    flipped(amplifier.read_corner, amplifier.flip_x, amplifier.flip_y));
    panel.notes.push_back(
        {{at.x + 0.5 * image.width(), at.y + 0.5 * image.height()}, amplifier.name});
  }
  panel.image = bins.greys();
  return panel;
}

Panel assembled_panel(RawExposure const& raw) {
  Box const& frame = raw.detector.box;
  Panel panel = pixel_panel("Assembled", frame.width, frame.height);
  Bins bins(frame.width, frame.height);
  for (std::size_t i = 0; i < raw.channels.size(); ++i) {
    Image<float> const& image = raw.channels[i].image;
    Amplifier const& amplifier = raw.amplifier(i);
    Box const from = intersection(amplifier.raw_data, image.bbox());
    float const level = overscan_level(image, amplifier);
    for (int y = 0; y < from.height; ++y)
      for (int x = 0; x < from.width; ++x) {
        Pixel const to{amplifier.flip_x ? amplifier.box.x1() - x : amplifier.box.x0 + x,
                       amplifier.flip_y ? amplifier.box.y1() - y : amplifier.box.y0 + y};
        if (frame.contains(to))
          bins.add(to.x - frame.x0, to.y - frame.y0, image(from.x0 + x, from.y0 + y) - level);
      }
    Pixel const origin{-frame.x0, -frame.y0};
    add_outline(panel, amplifier.box, origin, data_colour);
    add_read_corner(panel, amplifier.box, origin, amplifier.read_corner);
    Point const middle = centre_of(amplifier.box);
    panel.notes.push_back({{middle.x + origin.x, middle.y + origin.y}, amplifier.name});
  }
  panel.image = bins.greys();
  return panel;
}

float column_level(Image<float> const& image, int x, Box const& rows) {
  std::vector<float> values;
  for (int y = std::max(rows.y0, 0); y < std::min(rows.y0 + rows.height, image.height()); ++y)
    if (std::isfinite(image(x, y))) values.push_back(image(x, y));
  return values.empty() ? std::numeric_limits<float>::quiet_NaN()
                        : static_cast<float>(quantile(std::span(values), 0.5));
}

/// How the columns' levels fall from the data (1) to the overscan (0). Empty where there is no
/// overscan beside the data, or too little light.
std::vector<Point> edge_profile(Image<float> const& image, Amplifier const& amplifier) {
  Box const& data = amplifier.raw_data;
  Box const& overscan = amplifier.raw_serial_overscan;
  if (overscan.empty() || data.empty()) return {};
  bool const to_right = overscan.x0 > data.x0;
  int const first = to_right ? overscan.x0 : overscan.x1();  // of the overscan, seen from the data
  float const low = overscan_level(image, amplifier);
  int const inside = to_right ? data.x1() - edge_columns : data.x0 + edge_columns;
  if (inside < 0 || inside >= image.width()) return {};
  double const step = column_level(image, inside, data) - low;
  constexpr double least_step = 20.0;  // [adu]
  if (!(step > least_step)) return {};
  std::vector<Point> profile;
  for (int k = -edge_columns; k <= edge_columns; ++k) {
    int const x = to_right ? first + k : first - k;
    if (x >= 0 && x < image.width())
      profile.push_back({double(k), (column_level(image, x, data) - low) / step});
  }
  return profile;
}

/// Where the data end and the overscan begins must be at the dashed line in all amplifiers.
Panel edge_panel(RawExposure const& raw) {
  Panel panel;
  panel.title = "Level of the columns where the overscan begins";
  panel.x = {
      "columns from the overscan's first", -edge_columns - 0.5, edge_columns + 0.5, false, {}};
  panel.y = {"level (0 overscan, 1 data)", -0.25, 1.5, false, {}};
  panel.marks.push_back(
      {Marks::Style::dashes, serial_colour, {{-0.5, panel.y.low}, {-0.5, panel.y.high}}});
  Colour colour = data_colour;
  colour.opacity = 0.6;
  for (std::size_t i = 0; i < raw.channels.size(); ++i) {
    std::vector<Point> const profile = edge_profile(raw.channels[i].image, raw.amplifier(i));
    panel.marks.push_back({Marks::Style::line, colour, profile});
    panel.marks.push_back({Marks::Style::dots, colour, profile});
  }
  return panel;
}

}  // namespace

Figure camera_figure(RawExposure const& raw, std::string const& title) {
  Figure figure;
  figure.title = title;
  figure.subtitle =
      fmt::format("{}; detector {} of {} by {} pixels; channels less their overscan level",
                  raw.id.str(), raw.detector.name, raw.detector.box.width, raw.detector.box.height);
  figure.legend = {{"data", data_colour},
                   {"prescan", prescan_colour},
                   {"serial overscan", serial_colour},
                   {"parallel overscan", parallel_colour},
                   {"read first", corner_colour}};
  figure.columns = 3;
  figure.panel_scale = 1.5;
  figure.panels = {raw_panel(raw), assembled_panel(raw), edge_panel(raw)};
  return figure;
}

}  // namespace almagest
