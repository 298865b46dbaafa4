#include <cairo-svg.h>
#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>

#include "almagest/error.hpp"
#include "host/axis_ticks.hpp"
#include "host/figure.hpp"

/// Lengths are points of the page; its y runs down.
///
///     ┌ title ────────────── legend ┐
///     │ panel  panel  panel         │      panel:  title
///     │ panel  panel  panel         │              y label │ area
///     └─────────────────────────────┘                        x label
namespace almagest {

namespace {

struct Rectangle {
  double left, top, width, height;
};

constexpr double panel_width = 360.0;
constexpr double panel_height = 300.0;
constexpr double header_height = 62.0;
constexpr double page_margin = 14.0;
/// Around a panel's area: room for labels.
constexpr double left_margin = 62.0;
constexpr double right_margin = 14.0;
constexpr double top_margin = 26.0;
constexpr double bottom_margin = 46.0;
constexpr double pixels_per_point = 2.0;  // of a PNG

constexpr Colour ink{0.13, 0.15, 0.18};
constexpr Colour pale_ink{0.42, 0.45, 0.5};
constexpr Colour grid{0.9, 0.91, 0.93};

struct Destroy {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Surface = std::unique_ptr<cairo_surface_t, Destroy>;
using Context = std::unique_ptr<cairo_t, Destroy>;

void set_colour(cairo_t* page, Colour const& colour) {
  cairo_set_source_rgba(page, colour.red, colour.green, colour.blue, colour.opacity);
}

// ---- text

enum class Weight { normal, bold };

void set_font(cairo_t* page, double size, Weight weight = Weight::normal) {
  cairo_select_font_face(
      page, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
      weight == Weight::bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(page, size);
}

double text_width(cairo_t* page, std::string const& text) {
  cairo_text_extents_t extents;
  cairo_text_extents(page, text.c_str(), &extents);
  return extents.x_advance;
}

/// \param share  of the text's width that lies left of x: 0, 0.5, 1
void write_text(cairo_t* page, double x, double y, double share, std::string const& text) {
  cairo_move_to(page, x - share * text_width(page, text), y);
  cairo_show_text(page, text.c_str());
}

void write_upwards(cairo_t* page, double x, double y, std::string const& text) {
  cairo_save(page);
  cairo_translate(page, x, y);
  cairo_rotate(page, -std::numbers::pi / 2.0);
  write_text(page, 0.0, 0.0, 0.5, text);
  cairo_restore(page);
}

// ---- a panel

/// Where an axis' values lie on the page.
class Scale {
 public:
  Scale(Axis const& axis, double from, double to) : logarithmic_(axis.logarithmic) {
    double const low = along(axis.low);
    factor_ = (to - from) / (along(axis.high) - low);
    start_ = from - low * factor_;
  }
  double operator()(double value) const { return start_ + along(value) * factor_; }

 private:
  double along(double value) const { return logarithmic_ ? std::log10(value) : value; }

  bool logarithmic_;
  double factor_ = 1.0;
  double start_ = 0.0;
};

class PanelDrawing {
 public:
  PanelDrawing(cairo_t* page, Panel const& panel, Rectangle const& place)
      : page_(page),
        panel_(panel),
        area_(area_of(panel, place)),
        x_(panel.x, area_.left, area_.left + area_.width),
        y_(panel.y, area_.top + area_.height, area_.top) {}

  void draw() const {
    Ticks const across = ticks_of(panel_.x);
    Ticks const up = ticks_of(panel_.y);
    if (!panel_.image) draw_grid(across, up);
    cairo_save(page_);
    cairo_rectangle(page_, area_.left, area_.top, area_.width, area_.height);
    cairo_clip(page_);
    if (panel_.image) draw_image(*panel_.image);
    for (Marks const& marks : panel_.marks) draw_marks(marks);
    cairo_restore(page_);
    draw_frame();
    draw_labels(across, up);
    for (Note const& note : panel_.notes) draw_note(note);
  }

 private:
  static Rectangle area_of(Panel const& panel, Rectangle const& place) {
    Rectangle area{place.left + left_margin, place.top + top_margin,
                   place.width - left_margin - right_margin,
                   place.height - top_margin - bottom_margin};
    if (!panel.square) return area;
    double const unit = std::min(area.width / (panel.x.high - panel.x.low),
                                 area.height / (panel.y.high - panel.y.low));
    double const width = unit * (panel.x.high - panel.x.low);
    double const height = unit * (panel.y.high - panel.y.low);
    return {area.left + 0.5 * (area.width - width), area.top + 0.5 * (area.height - height), width,
            height};
  }

  void line(double x0, double y0, double x1, double y1) const {
    cairo_move_to(page_, x0, y0);
    cairo_line_to(page_, x1, y1);
    cairo_stroke(page_);
  }

  void draw_grid(Ticks const& across, Ticks const& up) const {
    set_colour(page_, grid);
    double const bottom = area_.top + area_.height;
    for (Tick const& tick : across.ticks) {
      cairo_set_line_width(page_, tick.label.empty() ? 0.4 : 0.9);
      if (panel_.x.names.empty()) line(x_(tick.value), area_.top, x_(tick.value), bottom);
    }
    for (Tick const& tick : up.ticks) {
      cairo_set_line_width(page_, tick.label.empty() ? 0.4 : 0.9);
      line(area_.left, y_(tick.value), area_.left + area_.width, y_(tick.value));
    }
  }

  /// With a rim of paper, to be read on any grey.
  void draw_note(Note const& note) const {
    constexpr double above = 7.0;
    set_font(page_, 10.0);
    cairo_move_to(page_, x_(note.at.x) - 0.5 * text_width(page_, note.text), y_(note.at.y) - above);
    cairo_text_path(page_, note.text.c_str());
    cairo_set_source_rgba(page_, 1.0, 1.0, 1.0, 0.85);
    cairo_set_line_width(page_, 2.5);
    cairo_set_line_join(page_, CAIRO_LINE_JOIN_ROUND);
    cairo_stroke_preserve(page_);
    set_colour(page_, ink);
    cairo_fill(page_);
    cairo_set_line_join(page_, CAIRO_LINE_JOIN_MITER);
  }

  void draw_frame() const {
    set_colour(page_, pale_ink);
    cairo_set_line_width(page_, 0.9);
    cairo_rectangle(page_, area_.left, area_.top, area_.width, area_.height);
    cairo_stroke(page_);
  }

  void draw_labels(Ticks const& across, Ticks const& up) const {
    double const bottom = area_.top + area_.height;
    set_colour(page_, ink);
    set_font(page_, 10.0);
    for (Tick const& tick : across.ticks)
      write_text(page_, x_(tick.value), bottom + 14.0, 0.5, tick.label);
    for (Tick const& tick : up.ticks)
      write_text(page_, area_.left - 5.0, y_(tick.value) + 3.5, 1.0, tick.label);
    set_font(page_, 11.0);
    write_text(page_, area_.left + 0.5 * area_.width, bottom + 32.0, 0.5,
               panel_.x.label + across.factor);
    write_upwards(page_, area_.left - 46.0, area_.top + 0.5 * area_.height,
                  panel_.y.label + up.factor);
    set_font(page_, 12.0, Weight::bold);
    write_text(page_, area_.left, area_.top - 8.0, 0.0, panel_.title);
  }

  /// Pixel by pixel in squares, so that SVG stays sharp at any size.
  void draw_image(Greys const& greys) const {
    Image<float> const& pixels = greys.pixels;
    Box const& box = pixels.bbox();
    Surface const bitmap(cairo_image_surface_create(CAIRO_FORMAT_RGB24, std::max(box.width, 1),
                                                    std::max(box.height, 1)));
    cairo_surface_flush(bitmap.get());
    unsigned char* const data = cairo_image_surface_get_data(bitmap.get());
    int const stride = cairo_image_surface_get_stride(bitmap.get());
    for (int row = 0; row < box.height; ++row) {
      auto const values = pixels.row(box.height - 1 - row);  // the bitmap's first row is the top
      auto* const cells = reinterpret_cast<std::uint32_t*>(data + std::ptrdiff_t{row} * stride);
      for (std::size_t column = 0; column < values.size(); ++column)
        cells[column] = grey(values[column], greys);
    }
    cairo_surface_mark_dirty(bitmap.get());
    cairo_save(page_);
    double const side = greys.binning;
    cairo_translate(page_, x_(box.x0 * side - 0.5), y_((box.y1() + 1) * side - 0.5));
    cairo_scale(page_, x_(side) - x_(0.0), y_(0.0) - y_(side));
    cairo_set_source_surface(page_, bitmap.get(), 0.0, 0.0);
    cairo_pattern_set_filter(cairo_get_source(page_), CAIRO_FILTER_NEAREST);
    cairo_paint(page_);
    cairo_restore(page_);
  }

  static std::uint32_t grey(double value, Greys const& greys) {
    double const level = (value - greys.black) / (greys.white - greys.black);
    auto const byte = static_cast<std::uint32_t>(
        std::lround(255.0 * (std::isnan(level) ? 1.0 : std::clamp(level, 0.0, 1.0))));
    return byte << 16 | byte << 8 | byte;
  }

  void draw_marks(Marks const& marks) const {
    set_colour(page_, marks.colour);
    cairo_new_path(page_);
    switch (marks.style) {
      case Marks::Style::dots:
        for (Point const& point : marks.points) draw_dot(point);
        return;
      case Marks::Style::crosses:
        return draw_crosses(marks.points);
      case Marks::Style::bars:
        return draw_bars(marks.points);
      case Marks::Style::segments:
        return draw_segments(marks.points);
      case Marks::Style::line:
      case Marks::Style::dashes:
      case Marks::Style::band:
        return draw_path(marks);
    }
  }

  void draw_dot(Point const& point) const {
    double const x = x_(point.x);
    double const y = y_(point.y);
    if (!std::isfinite(x) || !std::isfinite(y)) return;
    constexpr double radius = 1.7;
    double const bottom = area_.top + area_.height;
    if (y < area_.top || y > bottom) {
      double const tip = y < area_.top ? area_.top + 1.0 : bottom - 1.0;
      double const base = y < area_.top ? tip + 5.0 : tip - 5.0;
      cairo_move_to(page_, x, tip);
      cairo_line_to(page_, x - 2.5, base);
      cairo_line_to(page_, x + 2.5, base);
      cairo_close_path(page_);
    } else {
      cairo_arc(page_, x, y, radius, 0.0, 2.0 * std::numbers::pi);
    }
    cairo_fill(page_);
  }

  void draw_crosses(std::vector<Point> const& points) const {
    constexpr double arm = 5.0;
    cairo_set_line_width(page_, 1.6);
    for (Point const& point : points) {
      double const x = x_(point.x);
      double const y = y_(point.y);
      line(x - arm, y, x + arm, y);
      line(x, y - arm, x, y + arm);
    }
  }

  void draw_segments(std::vector<Point> const& points) const {
    cairo_set_line_width(page_, 0.9);
    cairo_set_line_cap(page_, CAIRO_LINE_CAP_SQUARE);
    for (std::size_t i = 0; i + 1 < points.size(); i += 2) {
      cairo_move_to(page_, x_(points[i].x), y_(points[i].y));
      cairo_line_to(page_, x_(points[i + 1].x), y_(points[i + 1].y));
    }
    cairo_stroke(page_);  // all at once: where they meet they must not darken
    cairo_set_line_cap(page_, CAIRO_LINE_CAP_BUTT);
  }

  void draw_bars(std::vector<Point> const& points) const {
    constexpr double half_width = 0.4;
    for (Point const& point : points) {
      double const left = x_(point.x - half_width);
      double const bottom = y_(panel_.y.low);
      cairo_rectangle(page_, left, y_(point.y), x_(point.x + half_width) - left,
                      bottom - y_(point.y));
      cairo_fill(page_);
    }
  }

  void draw_path(Marks const& marks) const {
    for (Point const& point : marks.points) {
      double const x = x_(point.x);
      double const y = y_(point.y);
      if (std::isfinite(x) && std::isfinite(y)) cairo_line_to(page_, x, y);
    }
    if (marks.style == Marks::Style::band) {
      cairo_close_path(page_);
      cairo_fill(page_);
      return;
    }
    constexpr double dash[] = {4.0, 3.0};
    if (marks.style == Marks::Style::dashes) cairo_set_dash(page_, dash, 2, 0.0);
    cairo_set_line_width(page_, 1.5);
    cairo_stroke(page_);
    cairo_set_dash(page_, nullptr, 0, 0.0);
  }

  cairo_t* page_;
  Panel const& panel_;
  Rectangle area_;
  Scale x_;
  Scale y_;
};

// ---- the page

struct PageSize {
  double width, height;
};

PageSize page_size(Figure const& figure) {
  auto const columns = static_cast<double>(figure.columns);
  double const rows = std::ceil(static_cast<double>(figure.panels.size()) / columns);
  return {columns * panel_width * figure.panel_scale + 2.0 * page_margin,
          header_height + rows * panel_height * figure.panel_scale + page_margin};
}

void draw_header(cairo_t* page, Figure const& figure, PageSize const& size) {
  set_colour(page, ink);
  set_font(page, 16.0, Weight::bold);
  write_text(page, page_margin + 8.0, 28.0, 0.0, figure.title);
  set_font(page, 11.0);
  set_colour(page, pale_ink);
  write_text(page, page_margin + 8.0, 47.0, 0.0, figure.subtitle);
  double x = size.width - page_margin - right_margin;
  for (auto entry = figure.legend.rbegin(); entry != figure.legend.rend(); ++entry) {
    set_colour(page, ink);
    write_text(page, x, 28.0, 1.0, entry->first);
    x -= text_width(page, entry->first) + 10.0;
    Colour solid = entry->second;
    solid.opacity = 1.0;
    set_colour(page, solid);
    cairo_arc(page, x, 24.0, 4.5, 0.0, 2.0 * std::numbers::pi);
    cairo_fill(page);
    x -= 18.0;
  }
}

void draw_page(cairo_t* page, Figure const& figure) {
  PageSize const size = page_size(figure);
  cairo_set_source_rgb(page, 1.0, 1.0, 1.0);
  cairo_paint(page);
  draw_header(page, figure, size);
  auto const columns = static_cast<std::size_t>(figure.columns);
  double const width = panel_width * figure.panel_scale;
  double const height = panel_height * figure.panel_scale;
  for (std::size_t i = 0; i < figure.panels.size(); ++i) {
    Rectangle const place{page_margin + static_cast<double>(i % columns) * width,
                          header_height + static_cast<double>(i / columns) * height, width, height};
    PanelDrawing(page, figure.panels[i], place).draw();
  }
}

void check(cairo_status_t status, std::filesystem::path const& path) {
  if (status != CAIRO_STATUS_SUCCESS)
    throw DataError(path.string() + ": cannot be drawn: " + cairo_status_to_string(status));
}

}  // namespace

PictureFormat picture_format(std::filesystem::path const& path) {
  if (path.extension() == ".png") return PictureFormat::png;
  if (path.extension() == ".svg") return PictureFormat::svg;
  throw ConfigError("a picture's name ends in .png or .svg; got '" + path.string() + "'");
}

void draw_figure(Figure const& figure, std::filesystem::path const& path, PictureFormat format) {
  PageSize const size = page_size(figure);
  bool const png = format == PictureFormat::png;
  Surface const surface(
      png ? cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                                       static_cast<int>(size.width * pixels_per_point),
                                       static_cast<int>(size.height * pixels_per_point))
          : cairo_svg_surface_create(path.c_str(), size.width, size.height));
  check(cairo_surface_status(surface.get()), path);
  Context const page(cairo_create(surface.get()));
  if (png) cairo_scale(page.get(), pixels_per_point, pixels_per_point);
  draw_page(page.get(), figure);
  check(cairo_status(page.get()), path);
  if (png) {
    check(cairo_surface_write_to_png(surface.get(), path.c_str()), path);
  } else {
    cairo_surface_finish(surface.get());
    check(cairo_surface_status(surface.get()), path);
  }
}

}  // namespace almagest
