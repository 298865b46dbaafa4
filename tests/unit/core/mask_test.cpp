#include "almagest/mask.hpp"

#include <doctest/doctest.h>

using namespace almagest;

TEST_CASE("mask: starts with LSST's nine planes in their order") {
  Mask const mask(Box{0, 0, 2, 2});
  CHECK(mask.bit("BAD") == 1);
  CHECK(mask.bit("SAT") == 2);
  CHECK(mask.bit("NO_DATA") == 256);
  CHECK(mask.bits({"BAD", "EDGE"}) == 17);
  CHECK(mask.bits({"BAD", "STREAK"}, true) == 1);
  CHECK(mask.bits(std::vector<std::string>{"SAT", "CR"}) == 10);
  CHECK_THROWS_WITH_AS(mask.bit("STREAK"),
                       "the mask has no plane 'STREAK'; known: BAD, CR, DETECTED, "
                       "DETECTED_NEGATIVE, EDGE, INTRP, NO_DATA, SAT, SUSPECT",
                       DataError);
}

TEST_CASE("mask: masks are combined by plane name, not by bit number") {
  Mask ours(Box{0, 0, 2, 1});
  MaskPixel const a = ours.add_plane("A");
  Image<MaskPixel> pixels(2, 1);
  pixels(0, 0) = 1 << 3 | 1 << 5;  // their A and BAD
  pixels(1, 0) = 1 << 0 | 1 << 7;  // their B, and a bit without a name
  Mask const theirs(pixels, {{"A", 3}, {"BAD", 5}, {"B", 0}});
  ours.image()(0, 0) = ours.bit("CR");
  ours |= theirs;
  CHECK(ours.image()(0, 0) == (ours.bit("CR") | a | ours.bit("BAD")));
  CHECK(ours.image()(1, 0) == ours.bit("B"));
  CHECK(ours.bit("B") == 1 << 10);

  Mask other(Box{1, 0, 2, 1});
  CHECK_THROWS_WITH_AS(ours |= other,
                       "masks of different boxes cannot be combined: 2 x 1 at (0, 0) and 2 x 1 at "
                       "(1, 0)",
                       DataError);
}

TEST_CASE("mask: planes are added on free bits, 31 at most, and cleared") {
  Mask mask(Box{0, 0, 1, 1});
  for (int i = 9; i < 31; ++i) mask.add_plane("P" + std::to_string(i));
  CHECK(mask.bit("P30") == 1 << 30);
  CHECK(mask.add_plane("P30") == 1 << 30);
  CHECK_THROWS_AS(mask.add_plane("one too many"), DataError);
  mask.image()(0, 0) = mask.bits({"P30", "BAD"});
  mask.clear("P30");
  CHECK(mask.image()(0, 0) == mask.bit("BAD"));
  CHECK(mask.has("P30"));
}

TEST_CASE("mask: a dictionary with shared or impossible bits is refused") {
  CHECK_THROWS_WITH_AS(Mask(Image<MaskPixel>(1, 1), {{"A", 0}, {"B", 0}}),
                       "mask planes 'A' and 'B' share bit 0", DataError);
  CHECK_THROWS_WITH_AS(Mask(Image<MaskPixel>(1, 1), {{"A", 31}}),
                       "mask plane 'A' has bit 31, expected 0...30", DataError);
}
