#include "almagest/plugin.hpp"

#include "templates.hpp"

ALMAGEST_PLUGIN("deblend", "0.1.0") {
  registrar.task<deblend::Templates>(
      "templates", "Share the light of blended sources out by a template for each peak");
}
