#include "seeing.hpp"

#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "almagest/error.hpp"
#include "almagest/moments.hpp"
#include "almagest/statistics.hpp"
#include "almagest/text.hpp"

#include "gaussian.hpp"

namespace psf {
using namespace almagest;

void Seeing::prepare(Setup& setup) {
  check_kernel_size(*kernel_size);
  if (selector.size() != 1)
    throw ConfigError("parameter 'selector' wants exactly one star selector in 'use', got " +
                      std::to_string(selector.size()));
  Schema const& schema = setup.schema(sources);
  selector[0].prepare(schema);
  xx_ = schema.key<double>(*shape + "_xx");
  yy_ = schema.key<double>(*shape + "_yy");
  xy_ = schema.key<double>(*shape + "_xy");
}

Seeing::Width Seeing::width_of(SourceCatalog const& catalog, Exposure const& image) const {
  std::vector<double> sigmas;
  for (std::size_t const row : selector[0].select(catalog, image)) {
    Quadrupole const moments{catalog.get(row, xx_), catalog.get(row, yy_), catalog.get(row, xy_)};
    double const sigma = moments.determinant_radius();
    if (moments.xx > 0.0 && sigma > 0.0 && std::isfinite(sigma)) sigmas.push_back(sigma);
  }
  if (sigmas.empty()) return {};
  return {quantile(std::span(sigmas), 0.5), sigmas.size()};
}

Outcome Seeing::run(Context& context) const {
  SourceCatalog const& catalog = context.get(sources);
  Exposure exposure = context.take(input);
  Width const width = width_of(catalog, exposure);
  context.record(stars, static_cast<std::int64_t>(width.stars));
  if (width.stars < static_cast<std::size_t>(*min_stars)) {
    std::string text = "the seeing is not measured: " + std::to_string(width.stars) + " of " +
                       counted(catalog.size(), "source") + " left as stars, " +
                       std::to_string(*min_stars) + " needed (min_stars)";
    if (std::string const why = selector[0].explain(catalog); !why.empty()) text += ": " + why;
    context.log().warning(text + (exposure.has_psf() ? "; the PSF stays as it was" : ""));
  } else {
    double const fwhm = fwhm_per_sigma * width.sigma;
    exposure.psf = gaussian(width.sigma, *kernel_size);
    context.record(seeing_fwhm, fwhm);
    std::string text = "no PSF model is made: a Gaussian from the seeing of " +
                       counted(width.stars, "star") + " stands in, FWHM " + fixed(fwhm, 3) +
                       " pixels";
    if (exposure.wcs) {
      double const pixel =
          exposure.wcs->pixel_scale(centre_of(exposure.bbox())) / radians_per_arcsec;
      text += " (" + fixed(fwhm * pixel, 3) + " arcsec)";
    }
    context.log().info(text);
  }
  context.put(output, std::move(exposure));
  return done;
}

}  // namespace psf
