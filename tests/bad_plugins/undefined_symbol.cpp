#include "almagest/plugin.hpp"

// Linked without `-Wl,--no-undefined`: a function is nowhere.
int nowhere_to_be_found();

ALMAGEST_PLUGIN("undefined_symbol", "1.0.0") {
  if (nowhere_to_be_found() != 0) registrar.psf("never", nullptr);
}
