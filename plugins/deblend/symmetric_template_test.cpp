#include "symmetric_template.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <vector>

using namespace almagest;
using deblend::Region;
using deblend::Template;

namespace {

/// A field whose value tells the pixel.
Image<float> numbered(Box box) {
  Image<float> image(box);
  for (int y = box.y0; y <= box.y1(); ++y)
    for (int x = box.x0; x <= box.x1(); ++x)
      image.at({x, y}) = static_cast<float>(100 * (y - box.y0) + (x - box.x0) + 1);
  return image;
}

}  // namespace

TEST_CASE("region: runs, bounds and edge of a footprint") {
  Footprint const footprint({{3, 5, 9}, {4, 4, 6}, {4, 8, 9}, {5, 4, 9}}, {});
  Region const region = deblend::region_of(footprint, footprint.bbox().grown(2));
  CHECK(deblend::spans_of(region) == footprint.spans());
  CHECK(deblend::bounds_of(region) == footprint.bbox());
  // All but those with four neighbours in it: only (5, 4) has.
  CHECK(deblend::spans_of(deblend::edge_of(region)) ==
        std::vector<Span>{{3, 5, 9}, {4, 4, 4}, {4, 6, 6}, {4, 8, 9}, {5, 4, 9}});
  // A disc of radius 2: half-widths 0, 1, 2, 1, 0.
  Footprint const dot({{10, 10, 10}}, {});
  CHECK(deblend::spans_of(deblend::dilated_region(dot, 2, {0, 0, 12, 30})) ==
        std::vector<Span>{{8, 10, 10}, {9, 9, 11}, {10, 8, 11}, {11, 9, 11}, {12, 10, 10}});
}

TEST_CASE("symmetric template: a pixel and its mirror get the fainter, in the smallest box") {
  Image<float> const image = numbered({0, 0, 20, 20});
  Footprint const footprint({{8, 5, 12}, {9, 5, 12}, {10, 6, 15}}, {});
  Pixel const peak{8, 9};
  Template const result =
      deblend::symmetric_template(image, deblend::region_of(footprint, footprint.bbox()), peak);
  CHECK(deblend::spans_of(result.region) == std::vector<Span>{{8, 5, 10}, {9, 5, 11}, {10, 6, 11}});
  CHECK(result.image.bbox() == Box{5, 8, 7, 3});
  CHECK(result.region.bbox() == result.image.bbox());
  for (Span const& span : deblend::spans_of(result.region))
    for (int x = span.x0; x <= span.x1; ++x) {
      Pixel const mirror{2 * peak.x - x, 2 * peak.y - span.y};
      CHECK(result.image.at({x, span.y}) == std::min(image.at({x, span.y}), image.at(mirror)));
    }
  CHECK(result.image.at({11, 8}) == 0.0F);
}

TEST_CASE("symmetric template: negative and meaningless pixels give no light") {
  Image<float> image = numbered({0, 0, 9, 9});
  image(3, 4) = -5.0F;
  image(4, 3) = std::numeric_limits<float>::quiet_NaN();
  image(3, 3) = image(5, 5) = std::numeric_limits<float>::infinity();
  Region region(image.bbox());
  for (auto& pixel : region.pixels()) pixel = 1;
  Template const result = deblend::symmetric_template(image, region, {4, 4});
  for (Pixel const p :
       {Pixel{3, 4}, Pixel{5, 4}, Pixel{4, 3}, Pixel{4, 5}, Pixel{3, 3}, Pixel{5, 5}})
    CHECK(result.image.at(p) == 0.0F);
  CHECK(result.image.at({4, 4}) == 405.0F);
  CHECK(deblend::symmetric_template(image, region, {20, 4}).image.empty());
}
