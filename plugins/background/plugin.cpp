#include "almagest/plugin.hpp"

#include "mesh_background.hpp"

ALMAGEST_PLUGIN("background", "0.1.0") {
  registrar.task<background::MeshBackground>(
      "mesh", "Subtract a smooth sky fitted through clipped means on a mesh");
}
