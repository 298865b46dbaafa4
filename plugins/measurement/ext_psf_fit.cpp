#include "ext_psf_fit.hpp"

#include "mask_bits.hpp"

namespace measurement {
using namespace almagest;

void PsfFit::declare(Schema& schema, std::string const& prefix) {
  flux_ = schema.add<double>(prefix + "_instFlux", "ct",
                             "Flux of the PSF that fits best, pixels weighted by their noise");
  error_ = schema.add<double>(prefix + "_instFluxErr", "ct", "Standard deviation of the flux");
  x_ = schema.add<double>(prefix + "_x", "pix", "Its place, x; the centroid's if not fitted");
  y_ = schema.add<double>(prefix + "_y", "pix", "Its place, y; the centroid's if not fitted");
  x_error_ = schema.add<float>(prefix + "_xErr", "pix", "Standard deviation of x");
  y_error_ = schema.add<float>(prefix + "_yErr", "pix", "Standard deviation of y");
  chi2_ = schema.add<float>(prefix + "_chi2", "", "Chi2 of the fit per degree of freedom");
  flag_ = schema.add_flag(prefix + "_flag", "Flux and position are not to be trusted");
  edge_ = schema.add_flag(prefix + "_flag_edge", "The image's side cuts the PSF");
  left_out_ = schema.add_flag(prefix + "_flag_badPixels", "Bad pixels were left out");
  no_good_pixels_ =
      schema.add_flag(prefix + "_flag_noGoodPixels",
                      "Less than half of the PSF, or no more than three pixels, are good");
  no_convergence_ = schema.add_flag(prefix + "_flag_noConvergence",
                                    "No place fits best; the flux is that at the centroid");
}

void PsfFit::measure(SourceRecord& source) const {
  Exposure const& exposure = source.exposure;
  PsfFitResult const result = psf_fit(
      exposure.image(), exposure.variance(), exposure.mask(), bits_of(exposure.mask(), *ignore),
      exposure.require_psf().kernel(source.centroid), source.centroid, *max_shift);
  source.set(flux_, result.flux);
  source.set(error_, result.flux_error);
  source.set(x_, result.position.x);
  source.set(y_, result.position.y);
  source.set(x_error_, static_cast<float>(result.x_error));
  source.set(y_error_, static_cast<float>(result.y_error));
  source.set(chi2_, static_cast<float>(result.chi2));
  source.set(edge_, result.edge);
  source.set(left_out_, result.left_out);
  source.set(no_good_pixels_, result.problem == PsfFitProblem::no_good_pixels);
  source.set(no_convergence_, result.problem == PsfFitProblem::no_convergence);
  source.set(flag_, result.edge || result.problem != PsfFitProblem::none);
}

}  // namespace measurement
