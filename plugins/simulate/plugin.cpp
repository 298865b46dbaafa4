#include "almagest/plugin.hpp"
#include "sdss_field.hpp"

ALMAGEST_PLUGIN("simulate", "1.0.0") {
  registrar.component<almagest::Simulator, simulate::SdssField>(
      "sdss", "One SDSS field with known stars and galaxies, as the survey's five file types");
}
