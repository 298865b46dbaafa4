#include "almagest/plugin.hpp"

#include "zero_point.hpp"

ALMAGEST_PLUGIN("photometry", "0.1.0") {
  registrar.task<photometry::ZeroPoint>(
      "zero_point", "Measure the photometric zero point with the stars of a reference catalogue");
}
