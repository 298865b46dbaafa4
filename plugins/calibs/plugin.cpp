#include "almagest/plugin.hpp"

#include "combine.hpp"
#include "flat_level_table.hpp"
#include "flat_levels.hpp"
#include "fringe_scale.hpp"
#include "measure_level.hpp"

ALMAGEST_PLUGIN("calibs", "0.1.0") {
  using namespace calibs;
  registrar.product<FlatLevelTable>("Levels of flats by detector and exposure",
                                    flat_level_formatter());
  registrar.task<Combine>("combine", "Combine frames of one detector into a calibration");
  registrar.task<FlatLevels>("flat_levels", "Find how bright each exposure of flats was");
  registrar.task<FringeScale>("fringe_scale", "Divide a frame by the sky that was subtracted");
  registrar.task<MeasureLevel>("measure_level", "Write a flat's mean level into its header");
}
