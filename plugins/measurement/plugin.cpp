#include "almagest/plugin.hpp"

#include "aperture_correction.hpp"
#include "base_algorithms.hpp"
#include "classify.hpp"
#include "correct_fluxes.hpp"
#include "ext_psf_fit.hpp"
#include "further_algorithms.hpp"
#include "measure.hpp"
#include "object_size.hpp"

ALMAGEST_PLUGIN("measurement", "0.1.0") {
  using almagest::MeasurementAlgorithm;
  using almagest::StarSelector;
  using namespace measurement;
  registrar.task<Measure>("measure", "Measure every source with a list of algorithms");
  registrar.task<ApertureCorrection>("aperture_correction",
                                     "How far each flux falls short of a circle's, from stars");
  registrar.task<CorrectFluxes>("correct_fluxes", "Apply aperture corrections to a catalogue");
  registrar.task<Classify>("classify", "Tell point sources from extended ones");

  registrar.component<StarSelector, ObjectSize>("objectSize",
                                                "Bright sources of the smallest common size");

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
  registrar.component<MeasurementAlgorithm, NaiveCentroid>(
      "base_NaiveCentroid", "Centre of gravity of 3 x 3 pixels, beside the centroid");
  registrar.component<MeasurementAlgorithm, LocalBackground>("base_LocalBackground",
                                                             "Sky in a ring around the source");
  registrar.component<MeasurementAlgorithm, Variance>("base_Variance",
                                                      "Median variance around the source");
  registrar.component<MeasurementAlgorithm, Jacobian>("base_Jacobian",
                                                      "Area of the pixel on the sky");
  registrar.component<MeasurementAlgorithm, Blendedness>(
      "base_Blendedness", "Share of the light under the source that is its neighbours'");
  registrar.component<MeasurementAlgorithm, KronFlux>("ext_photometryKron_KronFlux",
                                                      "Flux in an ellipse of Kron's radius");
  registrar.component<MeasurementAlgorithm, PsfFit>(
      "ext_psfFit_PsfFit", "Flux and position of the PSF that fits best, weighted by the noise");
}
