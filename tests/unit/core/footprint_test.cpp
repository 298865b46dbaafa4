#include "almagest/footprint.hpp"

#include <doctest/doctest.h>

using namespace almagest;

TEST_CASE("footprint: spans are sorted, joined within a row, and counted") {
  Footprint const footprint({{2, 5, 6}, {1, 0, 2}, {1, 3, 4}, {1, 8, 9}, {1, 9, 9}, {3, 4, 3}}, {});
  CHECK(footprint.spans() == std::vector<Span>{{1, 0, 4}, {1, 8, 9}, {2, 5, 6}});
  CHECK(footprint.area() == 9);
  CHECK(footprint.bbox() == Box{0, 1, 10, 2});
  CHECK(footprint.contains({4, 1}));
  CHECK(footprint.contains({8, 1}));
  CHECK_FALSE(footprint.contains({5, 1}));
  CHECK_FALSE(footprint.contains({4, 2}));
  CHECK_FALSE(footprint.contains({5, 0}));
  CHECK_FALSE(footprint.contains({5, 3}));
  CHECK(Footprint({}, {}).bbox().empty());
}

TEST_CASE("footprints: set in a mask, clipped to it") {
  Mask mask(Box{10, 10, 3, 2});
  FootprintSet const set{Box{0, 0, 20, 20},
                         {Footprint({{9, 0, 20}, {10, 11, 30}, {11, 0, 10}, {12, 11, 11}}, {})},
                         {},
                         {}};
  set.set_in(mask, 4);
  auto const pixels = mask.image().pixels();
  CHECK(std::vector<MaskPixel>(pixels.begin(), pixels.end()) ==
        std::vector<MaskPixel>{0, 4, 4, 4, 0, 0});
}
