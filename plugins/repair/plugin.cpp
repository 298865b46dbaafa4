#include "almagest/plugin.hpp"

#include "cosmic_rays.hpp"

ALMAGEST_PLUGIN("repair", "0.1.0") {
  registrar.task<repair::CosmicRays>("cosmic_rays",
                                     "Find cosmic rays by their sharpness and replace them");
}
