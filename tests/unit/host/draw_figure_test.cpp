// Pictures: the same bytes each time, and files that other programs take for what they are.
#include <doctest/doctest.h>

#include <cmath>

#include "almagest/error.hpp"
#include "host/axis_ticks.hpp"
#include "host/figure.hpp"
#include "unit/temporary_directory.hpp"

namespace {

using namespace almagest;

Figure sample_figure() {
  Figure figure;
  figure.title = "Title & <more>";
  figure.legend = {{"r", {0.8, 0.1, 0.1}}};
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::vector<Point> const points{{1, 0.1}, {10, -0.2}, {100, 5}, {-3, 0}, {nan, 1}, {5, infinity}};
  Panel panel;
  panel.title = "Fluxes";
  panel.x = {"S/N", 1, 1000, true, {}};
  panel.y = {"A / B − 1", -1, 1, false, {}};
  for (auto const style : {Marks::Style::dots, Marks::Style::line, Marks::Style::dashes,
                           Marks::Style::band, Marks::Style::bars, Marks::Style::crosses})
    panel.marks.push_back({style, {0.1, 0.2, 0.3, 0.5}, points});
  Panel image;
  image.x = {"x [pixel]", -0.5, 3.5, false, {}};
  image.y = {"y [pixel]", -0.5, 2.5, false, {}};
  image.square = true;
  image.image = Greys{Image<float>(4, 3), 0.0, 1.0};
  image.image->pixels(1, 1) = std::numeric_limits<float>::quiet_NaN();
  image.notes = {{{1, 1}, "a"}};
  figure.panels = {panel, image};
  return figure;
}

TEST_CASE("figure: every kind of marks in both formats, and equal bytes for equal figures") {
  TemporaryDirectory const directory;
  for (auto const& [name, start] : {std::pair("a.png", "\x89PNG"), std::pair("a.svg", "<?xml")}) {
    auto const path = directory / name;
    PictureFormat const format = picture_format(path);
    draw_figure(sample_figure(), path, format);
    draw_figure(sample_figure(), directory / "again", format);
    CHECK(bytes_of(path).starts_with(start));
    // SVG numbers its parts through the process: that test runs the program twice.
    if (format == PictureFormat::png) CHECK(bytes_of(path) == bytes_of(directory / "again"));
  }
  CHECK_THROWS_WITH_AS(picture_format("a.jpeg"), doctest::Contains("ends in .png or .svg"),
                       ConfigError);
  CHECK_THROWS_AS(draw_figure({}, directory / "none" / "a.png", PictureFormat::png), DataError);
  CHECK_THROWS_AS(draw_figure({}, directory / "none" / "a.svg", PictureFormat::svg), DataError);
}

TEST_CASE("figure: ticks are round numbers, with a power of ten for small and large ones") {
  auto const labels = [](Axis const& axis) {
    std::vector<std::string> texts;
    for (Tick const& tick : ticks_of(axis).ticks)
      if (!tick.label.empty()) texts.push_back(tick.label);
    return texts;
  };
  using Texts = std::vector<std::string>;
  CHECK(labels({"", -0.03, 0.03, false, {}}) == Texts{"−0.02", "0.00", "0.02"});
  CHECK(labels({"", 0, 640, false, {}}) == Texts{"0", "200", "400", "600"});
  CHECK(labels({"", -2e-7, 2e-7, false, {}}) == Texts{"−2", "−1", "0", "1", "2"});
  CHECK(ticks_of({"", -2e-7, 2e-7, false, {}}).factor == " (×10⁻⁷)");
  CHECK(labels({"", 0.5, 2e4, true, {}}) == Texts{"1", "10", "100", "1000", "10⁴"});
  CHECK(labels({"", 0, 1, false, {{0.5, "half"}}}) == Texts{"half"});
}

}  // namespace
