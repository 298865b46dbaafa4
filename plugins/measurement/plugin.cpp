#include "almagest/plugin.hpp"

#include "base_algorithms.hpp"
#include "measure.hpp"

ALMAGEST_PLUGIN("measurement", "0.1.0") {
  using almagest::MeasurementAlgorithm;
  using namespace measurement;
  registrar.task<Measure>("measure", "Measure every source with a list of algorithms");

  registrar.component<MeasurementAlgorithm, PixelFlags>("base_PixelFlags",
                                                        "Mask planes under the source");
  registrar.component<MeasurementAlgorithm, SdssCentroid>(
      "base_SdssCentroid", "Centroid from the peak of the PSF-smoothed image");
  registrar.component<MeasurementAlgorithm, SdssShape>("base_SdssShape",
                                                       "Adaptive Gaussian moments");
  registrar.component<MeasurementAlgorithm, GaussianFlux>(
      "base_GaussianFlux", "Flux under the Gaussian of the adaptive moments");
  registrar.component<MeasurementAlgorithm, PsfFlux>("base_PsfFlux",
                                                     "Flux of the best-fitting PSF");
  registrar.component<MeasurementAlgorithm, CircularApertureFlux>("base_CircularApertureFlux",
                                                                  "Fluxes in circles");
}
