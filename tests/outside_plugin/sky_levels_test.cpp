#include "sky_levels.hpp"

#include <doctest/doctest.h>

#include <almagest/task_harness.hpp>

TEST_CASE("level: the median of a flat frame is its value plus the offset") {
  almagest::Exposure exposure{almagest::MaskedImage(almagest::Box{0, 0, 5, 3})};
  for (float& pixel : exposure.image().pixels()) pixel = 7.0F;
  almagest::TaskHarness harness(std::make_unique<sky_levels::Level>(), {{"offset", 0.5}});
  harness.give("exposure", exposure);
  CHECK_FALSE(harness.run().skipped());
  CHECK(harness.result<sky_levels::SkyLevel>("sky_level").level_adu == 7.5);
}
