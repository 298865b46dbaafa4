#include "almagest/plugin.hpp"

#include "threshold.hpp"

ALMAGEST_PLUGIN("detection", "0.1.0") {
  registrar.task<detection::Threshold>(
      "threshold", "Find sources above a threshold in the image smoothed like the PSF");
}
