#include "initial.hpp"

#include <utility>

#include "almagest/text.hpp"

#include "gaussian.hpp"

namespace psf {
using namespace almagest;

void Initial::prepare(Setup&) {
  check_kernel_size(*kernel_size);
}

Outcome Initial::run(Context& context) const {
  Exposure exposure = context.take(input);
  double const pixel =
      *unit == "pixel"
          ? 1.0
          : exposure.require_wcs().pixel_scale(centre_of(exposure.bbox())) / radians_per_arcsec;
  double const width = *fwhm / pixel;
  exposure.psf = gaussian(width / fwhm_per_sigma, *kernel_size);
  context.log().info("initial PSF: a Gaussian of FWHM " + fixed(width, 3) + " pixels");
  context.put(output, std::move(exposure));
  return done;
}

}  // namespace psf
