#include "almagest/plugin.hpp"
#include "camera.hpp"
#include "sdss_field.hpp"

ALMAGEST_PLUGIN("simulate", "1.1.0") {
  registrar.component<almagest::Simulator, simulate::Camera>(
      "camera", "Raw frames of any camera, with known stars and galaxies and its own signature");
  registrar.component<almagest::Simulator, simulate::SdssField>(
      "sdss", "One SDSS field with known stars and galaxies, as the survey's five file types");
}
