#include "almagest/plugin.hpp"

#include "initial.hpp"
#include "seeing.hpp"

ALMAGEST_PLUGIN("psf", "0.1.0") {
  registrar.task<psf::Initial>("initial", "Give an exposure a Gaussian PSF of a given width");
  registrar.task<psf::Seeing>("seeing", "Give an exposure a Gaussian PSF as wide as its stars");
}
