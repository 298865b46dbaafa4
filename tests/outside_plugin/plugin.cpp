#include <almagest/plugin.hpp>

#include "sky_levels.hpp"

ALMAGEST_PLUGIN("sky_levels", "1.0.0") {
  using namespace sky_levels;
  registrar.product<SkyLevel>("Median of a frame", sky_level_formatter());
  registrar.product<SkyTable>("Medians of several frames", sky_table_formatter());
  registrar.task<Level>("level", "Take the median of an exposure");
  registrar.task<Table>("table", "Gather the levels of a group");
  registrar.task<Doubled>("doubled", "Double a stored level");
}
