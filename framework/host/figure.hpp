#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"

/// Plots as data: panels of marks with axes, drawn by draw_figure().
namespace almagest {

struct Colour {
  double red = 0.0;  ///< 0 to 1, as the others
  double green = 0.0;
  double blue = 0.0;
  double opacity = 1.0;
};

/// One axis of a panel, in the units of its label.
struct Axis {
  std::string label;
  double low = 0.0;
  double high = 1.0;
  bool logarithmic = false;
  /// Names at places instead of numbers.
  std::vector<std::pair<double, std::string>> names;
};

/// Points that are drawn alike.
struct Marks {
  enum class Style {
    dots,  ///< those beyond the vertical axis become small triangles at its end
    line,
    dashes,
    segments,  ///< a line from each point with an even number to the next
    band,      ///< the area inside a closed line
    bars,      ///< from 0 to y, one unit wide
    crosses,
  };
  Style style = Style::dots;
  Colour colour;
  std::vector<Point> points;
};

/// A word at a place of the panel, centred above it.
struct Note {
  Point at;
  std::string text;
};

/// Pixels as greys; NaN is as white as paper.
struct Greys {
  Image<float> pixels;
  double black = 0.0;
  double white = 1.0;
  int binning = 1;  ///< units of the axes that a pixel is wide: pixel i covers i·binning − 0.5 on
};

struct Panel {
  std::string title;
  Axis x;
  Axis y;
  std::optional<Greys> image;  ///< below the marks
  std::vector<Marks> marks;
  std::vector<Note> notes;
  bool square = false;  ///< one unit of x is as long as one of y
};

struct Figure {
  std::string title;
  std::string subtitle;
  std::vector<std::pair<std::string, Colour>> legend;
  std::vector<Panel> panels;
  int columns = 3;
  double panel_scale = 1.0;  ///< how much larger the panels are than usual
};

enum class PictureFormat { png, svg };
/// By the file's ending. \throws ConfigError for another one
PictureFormat picture_format(std::filesystem::path const& path);

/// Draws the figure into a new file. Equal figures give equal bytes; in SVG, the first one that a
/// process draws.
/// \throws DataError when the file cannot be written
void draw_figure(Figure const& figure, std::filesystem::path const& path, PictureFormat format);

}  // namespace almagest
