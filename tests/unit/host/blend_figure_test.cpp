// What is drawn of a deblended source: made-up light, so that every pixel is known.
#include "host/blend_figure.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "almagest/error.hpp"

namespace {

using namespace almagest;

/// A parent of 3 pixels with two children that share the middle one, and a source alone.
struct Blend {
  Exposure exposure{MaskedImage(Box{0, 0, 30, 20})};
  SourceCatalog catalog{Schema::minimal_source(), 4};

  Blend() {
    for (float& variance : exposure.variance().pixels()) variance = 4.0F;
    exposure.image().at({10, 10}) = 30.0F;
    exposure.image().at({11, 10}) = 20.0F;
    exposure.image().at({12, 10}) = 50.0F;
    std::int64_t const ids[] = {7, 8, 9, 10};
    std::int64_t const parents[] = {0, 0, 8, 8};
    for (std::size_t row = 0; row < 4; ++row) {
      catalog.set(row, catalog.schema().key<std::int64_t>("id"), ids[row]);
      catalog.set(row, catalog.schema().key<std::int64_t>("parent"), parents[row]);
    }
    set_child(1, {{10, 10, 12}}, {});
    set_child(2, {{10, 10, 11}}, {30.0F, 5.0F});
    set_child(3, {{10, 11, 12}}, {15.0F, 49.0F});
  }
  void set_child(std::size_t row, std::vector<Span> spans, std::vector<float> values) {
    Footprint footprint(spans, {{{spans[0].x0, spans[0].y}, 1.0F}});
    if (!values.empty()) footprint.set_values(std::move(values));
    catalog.set_footprint(row, std::make_shared<Footprint>(std::move(footprint)));
  }
};

TEST_CASE("blend: parent, sum, rest and children, on the pixels of the exposure") {
  Blend const blend;
  CHECK(children_of(blend.catalog, 1) == std::vector<std::size_t>{2, 3});
  CHECK(blend_to_draw(blend.catalog) == 1);
  Figure const figure = blend_figure(blend.exposure, blend.catalog, 1);
  REQUIRE(figure.panels.size() == 5);
  auto const pixel = [&](std::size_t panel, Pixel place) {
    return figure.panels[panel].image->pixels.at(place);
  };
  constexpr double noise = 2.0;  // the root of the variance
  CHECK(pixel(0, {12, 10}) == doctest::Approx(std::asinh(50.0 / (2.0 * noise))));
  CHECK(pixel(1, {11, 10}) == doctest::Approx(std::asinh(20.0 / (2.0 * noise))));
  CHECK(std::isnan(pixel(1, {9, 10})));
  CHECK(pixel(2, {11, 10}) == 0.0F);
  CHECK(pixel(2, {12, 10}) == 1.0F);
  CHECK(pixel(4, {12, 10}) == doctest::Approx(std::asinh(49.0 / (2.0 * noise))));
  CHECK(std::isnan(pixel(4, {10, 10})));
  // Three pixels in a row: 2 vertical and 6 horizontal edges, two points each.
  CHECK(figure.panels[0].marks[0].points.size() == 16);
}

TEST_CASE("blend: the light of another exposure is refused") {
  Blend blend;
  constexpr std::int64_t number = 4192240300;
  blend.exposure.visit_info.exposure_id = number;
  blend_figure(blend.exposure, blend.catalog, 1);  // its id tells of no exposure
  auto const renumber = [&](std::int64_t first) {
    auto const id = blend.catalog.schema().key<std::int64_t>("id");
    auto const parent = blend.catalog.schema().key<std::int64_t>("parent");
    blend.catalog.set(1, id, first);
    for (std::size_t const child : {2, 3}) blend.catalog.set(child, parent, first);
  };
  for (int bits : {26, 22}) {
    renumber((number << bits) + 8);
    blend_figure(blend.exposure, blend.catalog, 1);
  }
  renumber(((number + 1) << 26) + 8);
  CHECK_THROWS_WITH_AS(
      blend_figure(blend.exposure, blend.catalog, 1),
      doctest::Contains("is of the exposure 4192240301, but this one is 4192240300"), DataError);
}

TEST_CASE("blend: a source without children, or children without pixels, is refused") {
  Blend blend;
  CHECK_THROWS_WITH_AS(blend_figure(blend.exposure, blend.catalog, 0),
                       doctest::Contains("source 7 has no children"), DataError);
  blend.set_child(2, {{10, 10, 11}}, {});
  CHECK_THROWS_WITH_AS(blend_figure(blend.exposure, blend.catalog, 1),
                       doctest::Contains("no pixels of the children of source 8"), DataError);
  CHECK_THROWS_WITH_AS(blend_figure(Exposure(MaskedImage(Box{500, 0, 9, 9})), Blend().catalog, 1),
                       doctest::Contains("source 8 is not in the exposure"), DataError);
  CHECK(!row_of(blend.catalog, 99));
  CHECK(!blend_to_draw(SourceCatalog(Schema::minimal_source(), 3)));
}

}  // namespace
