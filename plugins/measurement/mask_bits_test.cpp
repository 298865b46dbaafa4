#include "mask_bits.hpp"

#include <doctest/doctest.h>

#include "almagest/error.hpp"

using namespace almagest;
using namespace measurement;

TEST_CASE("mask bits: those of a footprint and of a box, also across the image's side") {
  Mask mask(Box{10, 20, 30, 30});
  mask.image().at({10, 20}) = mask.bit("SAT");
  mask.image().at({25, 30}) = mask.bit("CR");
  mask.image().at({39, 49}) = mask.bit("EDGE");
  CHECK(bits_in(mask, Footprint({{30, 20, 24}, {31, 20, 30}}, {})) == 0);
  CHECK(bits_in(mask, Footprint({{30, 20, 25}}, {})) == mask.bit("CR"));
  CHECK(bits_in(mask, Footprint({{20, 0, 12}, {60, 0, 12}}, {})) == mask.bit("SAT"));
  CHECK(bits_in(mask, Box{9, 19, 3, 3}) == mask.bit("SAT"));
  CHECK(bits_in(mask, Box{0, 0, 3, 3}) == 0);
  CHECK(bits_in(mask, mask.bbox()) == mask.bits({"SAT", "CR", "EDGE"}));
}

TEST_CASE("mask bits: a plane that the mask does not have is a wrong parameter") {
  Mask const mask(Box{0, 0, 2, 2});
  CHECK(bits_of(mask, {"SAT", "CR"}) == mask.bits({"SAT", "CR"}));
  CHECK(bits_of(mask, {}) == 0);
  CHECK_THROWS_WITH_AS(bits_of(mask, {"BADD"}), doctest::Contains("BADD"), ConfigError);
}
